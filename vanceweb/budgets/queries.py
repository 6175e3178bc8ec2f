"""The budgets that a page shows, with what counts on them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Case, DecimalField, F, Q, Sum, Value, When
from django.utils import timezone

from vanceweb.budgets.models import PRICE_DECIMALS, STOP, WARNING, Budget, CreditPrice, Reservation
from vanceweb.budgets.periods import start_day
from vanceweb.budgets.prices import find_local_day, find_price, list_prices
from vanceweb.budgets.spent_credits import SHARED, Spent, build_subject_condition, measure_budgets
from vanceweb.teams.access import Actor, filter_concerning
from vanceweb.vault.models import REPORTED_DIGITS

HUNDRED = Decimal(100)
CENT = Decimal("0.01")
Costs = Mapping[str, Decimal]


@dataclass(frozen=True)
class BudgetRow:
    """A budget with what counts on it in its present period, and what that has cost, by currency."""

    budget: Budget
    spent: Spent
    since: datetime
    costs: Costs = field(default_factory=dict)

    @property
    def left(self) -> Decimal:
        return max(Decimal(0), self.budget.credits - self.spent.committed)

    @property
    def used_percent(self) -> Decimal:
        """The width of the used part of the bar, at most 100."""
        return min(HUNDRED, self.spent.used * 100 / self.budget.credits)

    @property
    def reserved_percent(self) -> Decimal:
        """The width of the reserved part of the bar, which ends with the bar."""
        return min(HUNDRED - self.used_percent, self.spent.reserved * 100 / self.budget.credits)

    @property
    def percent(self) -> int:
        """The part that is used or reserved, in whole per cent, rounded down."""
        return int(self.spent.committed * 100 / self.budget.credits)

    @property
    def is_used_up(self) -> bool:
        return self.percent >= STOP

    @property
    def is_nearly_used_up(self) -> bool:
        return WARNING <= self.percent < STOP

    @property
    def cost_text(self) -> str:
        """The cost for people, such as "12.40 EUR"; empty without a price."""
        return " + ".join(f"{amount:,.2f} {currency}" for currency, amount in self.costs.items())


def list_budgets(actor: Actor) -> list[BudgetRow]:
    """Return the budgets that concern the actor, those of the whole team first. At most five queries."""
    budgets = list(filter_concerning(Budget.objects.fetch_subjects().filter_in_force(), actor))
    zone = actor.team.time_zone
    now = timezone.now()
    spent = measure_budgets(budgets, zone)
    prices = list_prices(actor.team) if budgets else []
    starts = {budget.pk: budget.find_start_day(now, zone) for budget in budgets}
    costs = _calculate_costs(budgets, starts, prices, zone, spent) if prices else {}
    rows = [BudgetRow(row, spent[row.pk], starts[row.pk], costs.get(row.pk, {})) for row in budgets]
    return sorted(rows, key=lambda row: _find_order(row.budget))


def _find_order(budget: Budget) -> tuple[int, str, str]:
    kind = 0 if budget.person_id is None and budget.connection_id is None else 1 if budget.connection_id else 2
    return kind, budget.subject.lower(), budget.period


def _calculate_costs(
    budgets: Sequence[Budget],
    starts: Mapping[int, datetime],
    prices: Sequence[CreditPrice],
    zone: str,
    spent: Mapping[int, Spent],
) -> dict[int, dict[str, Decimal]]:
    """Return what the charges cost that count on the budgets, each at the price of its day. One query.

    Charges that nothing here caused are known by month only: they cost the present price.
    """
    sums: dict[str, Any] = {}
    for currency in {row.currency for row in prices}:
        price = _build_price(prices, currency, zone)
        for budget in budgets:
            counted = SHARED & build_subject_condition(budget) & Q(settled_at__gte=starts[budget.pk])
            sums[f"{currency}_{budget.pk}"] = Sum(F("settled") * price, filter=counted, output_field=_build_field())
    found = Reservation.objects.filter(team=budgets[0].team_id, settled_at__gte=min(starts.values())).aggregate(**sums)
    costs: dict[int, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for name, amount in found.items():
        currency, _, pk = name.partition("_")
        if amount:
            costs[int(pk)][currency] += amount
    current = find_price(prices, find_local_day(timezone.now(), zone))
    for budget in budgets:
        if current is not None and spent[budget.pk].foreign:
            costs[budget.pk][current.currency] += spent[budget.pk].foreign * current.price
    return {pk: {name: sum_.quantize(CENT, ROUND_HALF_UP) for name, sum_ in row.items()} for pk, row in costs.items()}


def _build_price(prices: Sequence[CreditPrice], currency: str, zone: str) -> Case:
    """Return the price in the currency of a credit at the time of the charge, 0 while another one was valid."""
    nothing = Value(Decimal(0), output_field=_build_field())
    # The newest first: the first price that is old enough is the valid one.
    valid = [
        When(
            settled_at__gte=start_day(row.valid_from, zone),
            then=Value(row.price, output_field=_build_field()) if row.currency == currency else nothing,
        )
        for row in prices
    ]
    return Case(*valid, default=nothing, output_field=_build_field())


def _build_field() -> "DecimalField[Any, Any]":
    return DecimalField(max_digits=REPORTED_DIGITS + PRICE_DECIMALS, decimal_places=PRICE_DECIMALS)
