"""Jobs that are held for a budget or for credits, until there is room for them.

They reserve nothing while they are held. The oldest that waits for a budget or a connection comes first: those after it
wait with it, however little they cost.
"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from django.db.models import F, Q
from django.utils import timezone

from vanceweb.budgets.models import Budget, Reservation
from vanceweb.budgets.reservations import release_reservations
from vanceweb.budgets.spent_credits import find_available_credits, measure_budgets
from vanceweb.jobs.conditions import JobRefused
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import fail_held_job, release_job
from vanceweb.jobs.spending import build_expense
from vanceweb.lib.row_faults import run_for_each
from vanceweb.teams.models import Team
from vanceweb.vault.models import Connection

# Jobs per call, so that a sweep stays short. The next one continues.
BATCH = 100
# Jobs looked at in each round: behind so many of a person whose budget is used up, others may have room.
SEEN_JOBS = 1000
# A job that ended in its download keeps its credits for so long: histories are read every half hour, and one that a
# service was charged for later is corrected by its history all the same.
KEPT_FOR = timedelta(days=2)


def release_jobs_with_budget() -> int:
    """Release held jobs that their budgets have room for now. Return their number.

    A job that may no longer use its connection or its picture fails with the reason.
    """
    held = Job.objects.filter(state=Job.State.HELD, held_for=Job.HoldCause.BUDGET)
    # On most sites this one query is all that a round costs.
    teams = list(held.order_by().values_list("team", flat=True).distinct())
    return sum(_release_with_budget(team) for team in teams)


def release_jobs_with_credits() -> int:
    """Release held jobs whose connection has enough credits since a check after the hold. Return their number."""
    held = Job.objects.filter(state=Job.State.HELD, held_for=Job.HoldCause.CREDITS)
    # On most sites this one query is all that a round costs.
    if not held.exists():
        return 0
    works = Q(connection__check_state=Connection.CheckState.OK, connection__last_error="")
    checked = held.filter(works & Q(connection__checked_at__gt=F("held_at")))
    jobs = list(checked.with_connection().order_by("pk")[:SEEN_JOBS])
    left = dict(find_available_credits([job.connection for job in jobs if job.connection])) if jobs else {}
    ready: list[int] = []
    blocked: set[int] = set()
    for job in jobs:
        key = job.connection_id or 0
        available = left.get(key)
        if key in blocked or (available is not None and available < job.credits):
            blocked.add(key)
            continue
        ready.append(job.pk)
        left[key] = None if available is None else available - job.credits
    # Jobs whose connection is gone fail with the reason.
    wanted = held.filter(Q(pk__in=ready[:BATCH]) | Q(connection=None))
    return run_for_each("Releasing jobs held for credits", wanted, _release, limit=BATCH)


def release_forgotten_reservations() -> int:
    """Release the credits of jobs that ended in their download a while ago and weren't charged. Return their number."""
    before = timezone.now() - KEPT_FOR
    kept = Reservation.objects.filter(state=Reservation.State.RESERVED, reserved_at__lt=before)
    ended = Job.objects.filter(state__in=Job.ENDED, finished_at__lt=before, uuid__in=kept.values("job_uuid"))
    uuids = list(ended.values_list("uuid", flat=True)[:BATCH])
    if uuids:
        release_reservations(job_uuids=uuids)
    return len(uuids)


def _release_with_budget(team_id: int) -> int:
    held = Job.objects.filter(team=team_id, state=Job.State.HELD, held_for=Job.HoldCause.BUDGET)
    jobs = list(held.with_connection().order_by("pk")[:SEEN_JOBS])
    budgets = list(Budget.objects.filter(team=team_id))
    zone = Team.objects.values_list("time_zone", flat=True).get(pk=team_id)
    spent = measure_budgets(budgets, zone)
    ready = _choose_ready(jobs, budgets, {row.pk: row.credits - spent[row.pk].committed for row in budgets})
    if not ready:
        return 0
    chosen = Job.objects.filter(pk__in=ready[:BATCH])
    return run_for_each("Releasing jobs held for a budget", chosen, _release, limit=BATCH)


def _choose_ready(jobs: Sequence[Job], budgets: Sequence[Budget], left: dict[int, Decimal]) -> list[int]:
    """Return the ids of the jobs that there is room for, the oldest first."""
    ready: list[int] = []
    blocked: set[int] = set()
    for job in jobs:
        if job.connection is None:
            ready.append(job.pk)
            continue
        expense = build_expense(job, job.connection, state=job.resume_state)
        concerned = {budget.pk for budget in budgets if expense.is_counted_on(budget)}
        exceeded = {pk for pk in concerned if left[pk] < job.credits}
        blocked |= exceeded
        if concerned & blocked:
            continue
        ready.append(job.pk)
        for pk in concerned:
            left[pk] -= job.credits
    return ready


def _release(pk: int) -> None:
    job = Job.objects.with_connection().get(pk=pk)
    try:
        release_job(job=job)
    except JobRefused as refusal:
        # A broken connection may be mended again: the job waits for that.
        if job.connection is None or not job.connection.is_broken:
            fail_held_job(job=job, sentence=str(refusal))
