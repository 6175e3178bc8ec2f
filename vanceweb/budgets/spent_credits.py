"""The credits that count on budgets, summed up from the reservations, and those left on connections."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Case, F, Q, Sum, When
from django.utils import timezone

from vanceweb.budgets.models import Budget, ForeignCredits, Reservation
from vanceweb.vault.models import Connection

NOTHING = Decimal(0)
SHARED = Q(is_shared=True)
RESERVED = Q(state=Reservation.State.RESERVED)


@dataclass(frozen=True)
class Spent:
    """The credits that count on a budget in its current period: charged ones, and those reserved by jobs.

    `foreign` are those of the charged ones that nothing of this site caused.
    """

    used: Decimal
    reserved: Decimal
    foreign: Decimal = NOTHING

    @property
    def committed(self) -> Decimal:
        return self.used + self.reserved


def measure_budgets(budgets: Sequence[Budget], zone: str) -> Mapping[int, Spent]:
    """Return the credits that count on each of these budgets of one team now, by their ids. At most two queries.

    `zone` is the team's. A job counts in the month in which it was charged, and until then in the present one.
    """
    if not budgets:
        return {}
    now = timezone.now()
    starts = {budget.pk: budget.find_start(now, zone) for budget in budgets}
    sums: dict[str, Any] = {}
    for budget in budgets:
        mine = SHARED & build_subject_condition(budget)
        sums[f"used_{budget.pk}"] = Sum("settled", filter=mine & Q(settled_at__gte=starts[budget.pk]))
        sums[f"reserved_{budget.pk}"] = Sum("credits", filter=mine & RESERVED)
    recent = Q(settled_at__gte=min(starts.values())) | RESERVED
    found = Reservation.objects.filter(recent, team=budgets[0].team_id).aggregate(**sums)
    foreign = _calculate_foreign(budgets, starts, zone)
    return {
        budget.pk: Spent(
            used=(found[f"used_{budget.pk}"] or NOTHING) + foreign.get(budget.pk, NOTHING),
            reserved=found[f"reserved_{budget.pk}"] or NOTHING,
            foreign=foreign.get(budget.pk, NOTHING),
        )
        for budget in budgets
    }


def build_subject_condition(budget: Budget) -> Q:
    """Return the condition for reservations that count on the budget, by its person or connection."""
    if budget.person_id is not None:
        return Q(person=budget.person_id)
    return Q() if budget.connection_id is None else Q(connection=budget.connection_id)


def calculate_foreign_month(connection_id: int, now: datetime, zone: str) -> Decimal:
    """Return the foreign credits of the connection in the present month and later ones."""
    month = now.astimezone(ZoneInfo(zone)).date().replace(day=1)
    rows = ForeignCredits.objects.filter(connection=connection_id, month__gte=month)
    return sum(rows.values_list("credits", flat=True), NOTHING)


def _calculate_foreign(budgets: Iterable[Budget], starts: Mapping[int, datetime], zone: str) -> dict[int, Decimal]:
    """Return the foreign credits of budgets of connections."""
    of_connections = [budget for budget in budgets if budget.connection_id is not None]
    if not of_connections:
        return {}
    rows = ForeignCredits.objects.filter(connection__in=[budget.connection_id for budget in of_connections])
    months: dict[int, list[ForeignCredits]] = defaultdict(list)
    for row in rows:
        months[row.connection_id].append(row)
    sums: dict[int, Decimal] = {}
    for budget in of_connections:
        first = starts[budget.pk].astimezone(ZoneInfo(zone)).date().replace(day=1)
        counted = [row.credits for row in months[budget.connection_id or 0] if row.month >= first]
        before = NOTHING if budget.is_monthly else budget.foreign_before
        sums[budget.pk] = max(NOTHING, sum(counted, NOTHING) - before)
    return sums


def find_available_credits(
    connections: Collection[Connection], *, without_job: UUID | None = None
) -> Mapping[int, Decimal | None]:
    """Return what is left on each connection for further jobs, by their ids: None where the balance isn't known.

    That is the balance of the last check less what jobs have reserved or were charged since. One query.
    """
    since_check = Q(settled_at__gt=F("connection__checked_at"))
    rows = Reservation.objects.filter(RESERVED | since_check, connection__in=[row.pk for row in connections])
    if without_job is not None:
        rows = rows.exclude(job_uuid=without_job)
    amount = Case(When(RESERVED, then=F("credits")), default=F("settled"))
    spent = dict(rows.values_list("connection").annotate(sum=Sum(amount)).order_by())
    return {row.pk: None if row.balance is None else row.balance - spent.get(row.pk, NOTHING) for row in connections}
