"""The credits of jobs: reserved when they are submitted, settled when their services charge them, or released.

All locks are taken in one order: jobs, pictures, connections, budgets by their ids, reservations. So of many submits
at the same time each sees what those before it have reserved, and none waits for another in a circle.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from vanceweb.budgets.alerts import report_level
from vanceweb.budgets.models import STOP, Budget, ForeignCredits, Reservation
from vanceweb.budgets.spent_credits import measure_budgets
from vanceweb.teams.models import Team
from vanceweb.vault.models import Connection

STATES = Reservation.State
# Keys in one statement: their number of parameters is limited.
ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class Expense:
    """The credits that a job is going to cost, and whose budgets they concern. `connection` needs no token.

    `continues` is true for a job whose download goes on: services charge that once.
    """

    job_uuid: UUID
    team_id: int
    person_id: int | None
    connection: Connection
    credits: Decimal
    continues: bool = False

    def is_counted_on(self, budget: Budget) -> bool:
        """Return whether the budget is one of those that the job concerns."""
        if self.connection.is_private or budget.team_id != self.team_id:
            return False
        is_persons = budget.person_id in (None, self.person_id)
        return is_persons and budget.connection_id in (None, self.connection.pk)


@transaction.atomic(savepoint=False)
def reserve(*, expenses: Sequence[Expense], may_exceed: bool = False) -> Budget | None:
    """Reserve the credits of jobs of one team, all or none, on every budget that concerns them.

    Return the budget that would be exceeded; None once all are reserved. A job whose credits are reserved, or were
    charged for the download that goes on, reserves nothing more. Call it in the transaction that writes the jobs.
    """
    budgets = _lock_budgets(expenses)
    missing = _find_missing(expenses)
    zone = budgets[0].team.time_zone if budgets else ""
    spent = measure_budgets(budgets, zone)
    committed = {}
    for budget in budgets:
        wanted = sum((expense.credits for expense in missing if expense.is_counted_on(budget)), Decimal(0))
        committed[budget.pk] = spent[budget.pk].committed + wanted
        if wanted > 0 and committed[budget.pk] > budget.credits and not may_exceed:
            report_level(budget, zone=zone, percent=STOP)
            return budget
    _store(missing, is_override=may_exceed)
    for budget in budgets:
        report_level(budget, zone=zone, percent=committed[budget.pk] * 100 / budget.credits)
    return None


def has_reserved(*, job_uuid: UUID) -> bool:
    """Return whether the credits of the job are reserved."""
    return Reservation.objects.filter(job_uuid=job_uuid, state=STATES.RESERVED).exists()


def has_exceeded(*, job_uuid: UUID) -> bool:
    """Return whether an owner has let the job exceed a budget before."""
    return Reservation.objects.filter(job_uuid=job_uuid, is_override=True).exists()


@transaction.atomic(savepoint=False)
def settle_reservation(*, job_uuid: UUID) -> None:
    """Count the credits of a job as charged, now. Call it in the transaction that stores the job's result.

    A job whose charge the history has told of already keeps that.
    """
    Reservation.objects.filter(job_uuid=job_uuid, state=STATES.RESERVED).update(
        state=STATES.SETTLED, settled=F("settled") + F("credits"), settled_at=timezone.now()
    )


@transaction.atomic(savepoint=False)
def release_reservations(*, job_uuids: Iterable[UUID]) -> None:
    """Give the reserved credits of jobs back. What was charged for an earlier attempt stays."""
    Reservation.objects.filter(job_uuid__in=list(job_uuids), state=STATES.RESERVED).update(
        state=Case(When(settled__gt=0, then=Value(STATES.SETTLED)), default=Value(STATES.RELEASED))
    )


def find_reserved(job_uuids: Collection[UUID]) -> list[UUID]:
    """Return those of these jobs that ever reserved credits."""
    return list(Reservation.objects.filter(job_uuid__in=job_uuids).values_list("job_uuid", flat=True))


@transaction.atomic(savepoint=False)
def correct_settlement(*, job_uuid: UUID, credits: Decimal, charged_at: datetime | None = None) -> bool:
    """Set what a job was charged in all, as the history of its service says. Return whether that changes anything.

    `charged_at` is the time of the last charge; without it, the time of the settlement stays. Safe to repeat. A job of
    before there were reservations is left alone.
    """
    row = Reservation.objects.select_for_update(of=("self",)).filter(job_uuid=job_uuid).first()
    if row is None or (row.settled == credits and charged_at in (None, row.settled_at)):
        return False
    fields = {"settled": credits, "settled_at": charged_at or row.settled_at or timezone.now()}
    # A job that reserves again after a charge isn't done because of that old charge.
    if row.state != STATES.RESERVED or credits > row.settled:
        fields["state"] = STATES.SETTLED if credits else STATES.RELEASED
    Reservation.objects.filter(pk=row.pk).update(**fields)
    if row.is_shared and credits > row.settled:
        subjects = Q(person=None, connection=None)
        if row.person_id is not None:
            subjects |= Q(person=row.person_id)
        if row.connection_id is not None:
            subjects |= Q(connection=row.connection_id)
        _report_levels(row.team_id, subjects)
    return True


@transaction.atomic(savepoint=False)
def count_foreign(*, connection: Connection, month: date, credits: Decimal) -> None:
    """Set the credits that a connection's service charged in a month for nothing of this site.

    `month` is its first day, in the team's zone. They count on the connection's budgets only.
    """
    ForeignCredits.objects.update_or_create(connection=connection, month=month, defaults={"credits": credits})
    if not connection.is_private:
        _report_levels(connection.team_id, Q(connection=connection))


def _lock_budgets(expenses: Sequence[Expense]) -> list[Budget]:
    """Return the budgets that concern any of the jobs, locked in the order of their ids, with their team's zone."""
    shared = [expense for expense in expenses if not expense.connection.is_private]
    if not shared:
        return []
    subjects = (
        Q(person=None, connection=None)
        | Q(person__in={expense.person_id for expense in shared if expense.person_id is not None})
        | Q(connection__in={expense.connection.pk for expense in shared})
    )
    budgets = Budget.objects.filter(subjects, team=shared[0].team_id)
    locked = budgets.select_related("team").select_for_update(of=("self",), no_key=True)
    return list(locked.order_by("pk"))


def _find_missing(expenses: Sequence[Expense]) -> list[Expense]:
    """Return the expenses that aren't reserved or charged."""
    states: dict[UUID, str] = {}
    uuids = [expense.job_uuid for expense in expenses]
    for start in range(0, len(uuids), ROWS_AT_ONCE):
        part = Reservation.objects.filter(job_uuid__in=uuids[start : start + ROWS_AT_ONCE])
        states.update(part.values_list("job_uuid", "state"))
    return [expense for expense in expenses if not _is_covered(expense, states.get(expense.job_uuid))]


def _is_covered(expense: Expense, state: str | None) -> bool:
    return state == STATES.RESERVED or (expense.continues and state == STATES.SETTLED)


def _store(expenses: Sequence[Expense], *, is_override: bool) -> None:
    """Reserve the credits; a job that was released or charged before keeps its row and what it was charged."""
    now = timezone.now()
    rows = [
        Reservation(
            job_uuid=expense.job_uuid,
            team_id=expense.team_id,
            connection=expense.connection,
            person_id=expense.person_id,
            is_shared=not expense.connection.is_private,
            credits=expense.credits,
            reserved_at=now,
            is_override=is_override,
        )
        for expense in expenses
    ]
    renewed = ["connection", "person", "is_shared", "credits", "state", "reserved_at"]
    Reservation.objects.bulk_create(
        rows,
        batch_size=ROWS_AT_ONCE,
        update_conflicts=True,
        unique_fields=["job_uuid"],
        # An override isn't forgotten when the job is retried.
        update_fields=[*renewed, "is_override"] if is_override else renewed,
    )


def _report_levels(team_id: int, subjects: Q) -> None:
    """Tell of the budgets that have reached a threshold without a reservation."""
    budgets = list(Budget.objects.filter(subjects, team=team_id))
    if not budgets:
        return
    zone = Team.objects.values_list("time_zone", flat=True).get(pk=team_id)
    spent = measure_budgets(budgets, zone)
    for budget in budgets:
        report_level(budget, zone=zone, percent=spent[budget.pk].committed * 100 / budget.credits)
