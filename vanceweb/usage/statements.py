"""The statement of a month: what a team spent on what, and what its connections had before and after."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.utils.translation import gettext as _

from vanceweb.budgets.prices import compute_cost, list_prices
from vanceweb.teams.access import Actor, filter_usage, filter_visible
from vanceweb.usage.figures.dashboard import Shares, build_shares, find_connections
from vanceweb.usage.figures.entries import load_names
from vanceweb.usage.figures.filters import Dimension, Filters
from vanceweb.usage.figures.group_sums import Parts, PartSum, SumReader, to_credits
from vanceweb.usage.figures.periods import Bucket, Period, get_today
from vanceweb.usage.models import UsageDay, UsageMonth, UsageRecord
from vanceweb.vault.models import Connection


@dataclass(frozen=True)
class BalanceLine:
    """The balance of a connection before the month and at its end, as its history tells; None where it doesn't.

    `added` are the credits that the service granted or took back meanwhile.
    """

    name: str
    opening: Decimal | None
    spent: Decimal
    closing: Decimal | None

    @property
    def added(self) -> Decimal | None:
        return None if self.opening is None or self.closing is None else self.closing - self.opening + self.spent


@dataclass(frozen=True)
class Statement:
    """The charges of the team's connections in a month. `is_complete` is False while the month isn't over.

    `costs` is the money that the credits cost by currency, where the team has a price per credit.
    """

    period: Period
    by_feature: Shares
    by_person: Shares
    by_connection: Shares
    balances: tuple[BalanceLine, ...]
    is_complete: bool
    costs: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def month(self) -> date:
        """The first day."""
        return self.period.start

    @property
    def total(self) -> Decimal:
        """The credits spent."""
        return self.by_feature.total

    @property
    def tables(self) -> list[tuple[str, str, Shares]]:
        """The sums with their titles, and the heading of the first column."""
        return [
            (_("By person"), _("Person"), self.by_person),
            (_("By tool"), _("Tool"), self.by_feature),
            (_("By connection"), _("Connection"), self.by_connection),
        ]


def read_month(text: str, today: date) -> date:
    """Return the first day of the month that "2026-01" names; of the current one for anything else, or a later one."""
    current = today.replace(day=1)
    try:
        month = date.fromisoformat(f"{text}-01")
    except ValueError:
        return current
    return min(month, current)


def list_months(actor: Actor, today: date) -> list[date]:
    """Return the months in which the team's connections were charged, and the current one, newest first."""
    charged = UsageMonth.objects.filter(team=actor.team, private_to=None).values_list("month", flat=True)
    return sorted({*charged.distinct().order_by(), today.replace(day=1)}, reverse=True)


def compute_statement(actor: Actor, month: date) -> Statement:
    """Return the statement of the month that begins on this day, of the connections that are the team's now."""
    period = Period(month, Bucket.MONTH.get_next(month))
    connections = find_connections(actor, Filters())
    [parts] = SumReader(actor, Filters()).read_parts(period)
    names = load_names(actor, (part.values[0] for part in parts[Dimension.PERSON]), connections)
    before: Parts = dict.fromkeys(Dimension, ())
    by_feature, by_person, by_connection = (
        build_shares(by, parts, before, names) for by in (Dimension.FEATURE, Dimension.PERSON, Dimension.CONNECTION)
    )
    balances = tuple(_build_balances(actor, period, parts[Dimension.CONNECTION]))
    is_complete = period.end <= get_today(actor.team)
    costs = _compute_costs(actor, period)
    return Statement(period, by_feature, by_person, by_connection, balances, is_complete, costs)


def _compute_costs(actor: Actor, period: Period) -> Mapping[str, Decimal]:
    """Return the money that the credits cost, by currency. Those of the bundled engine cost nothing."""
    prices = list_prices(actor.team)
    if not prices:
        return {}
    days = filter_usage(UsageDay.objects.all(), actor, private=False)
    paid = days.filter(day__gte=period.start, day__lt=period.end).exclude(
        connection__service=Connection.Service.BUNDLED
    )
    credits = {day: to_credits(sum) for day, sum in paid.values_list("day").annotate(Sum("credits")).order_by()}
    return compute_cost(prices, credits)


def _build_balances(actor: Actor, period: Period, parts: Iterable[PartSum]) -> Iterator[BalanceLine]:
    first, last = period.get_moments(actor.team.time_zone)
    spent: dict[int | None, Decimal] = defaultdict(Decimal)
    for part in parts:
        connection_id, _name = part.values
        spent[connection_id] += part.credits
    shared = filter_visible(Connection.objects.filter(private_to=None), actor)
    balances = shared.annotate(opening=_find_balance(first), closing=_find_balance(last))
    for pk, name, opening, closing in balances.values_list("pk", "name", "opening", "closing"):
        yield BalanceLine(name, opening, spent[pk], closing)


def _find_balance(moment: datetime) -> Subquery:
    """Return the balance after the last charge before a moment."""
    charges: QuerySet[UsageRecord] = UsageRecord.objects.counted().filter(
        connection=OuterRef("pk"), created_at__lt=moment
    )
    return Subquery(charges.order_by("-created_at", "-place", "-pk").values("balance")[:1])
