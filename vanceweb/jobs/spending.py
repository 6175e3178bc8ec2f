"""The credits of jobs: reserved before they start. A job that can't reserve them is held, with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from vanceweb.budgets.models import Budget
from vanceweb.budgets.reservations import Expense, has_reserved, reserve
from vanceweb.budgets.spent_credits import find_available_credits
from vanceweb.interface.templatetags.formats import credit_count
from vanceweb.jobs.models import Job
from vanceweb.vault.models import Connection

CAUSES = Job.HoldCause


@dataclass(frozen=True)
class Hold:
    """The reason why a job can't start: its cause and a sentence."""

    cause: str
    reason: str

    def to_fields(self, state: str) -> dict[str, Any]:
        """Return the fields of a job that is held in this state."""
        return {
            "state": Job.State.HELD,
            "resume_state": state,
            "held_reason": self.reason,
            "held_for": self.cause,
            "held_at": timezone.now(),
        }


def reserve_for_job(job: Job, connection: Connection, *, state: str, may_exceed: bool = False) -> Hold | None:
    """Reserve the credits of a job that is about to start or to continue in the `state`.

    Return why it has to be held instead; None once its credits are reserved. Call it inside the transaction that writes
    the job. The job needn't be stored yet.
    """
    expense = build_expense(job, connection, state=state)
    if job.waits_for_credits and not may_exceed and not has_reserved(job_uuid=job.uuid):
        _lock_connection(connection)
        if is_short(job, connection):
            return build_credits_hold(job)
    exceeded = reserve(expenses=[expense], may_exceed=may_exceed)
    return None if exceeded is None else build_budget_hold(exceeded, job)


def reserve_for_jobs(jobs: Sequence[Job]) -> Hold | None:
    """Reserve the credits of several new jobs of one team, all or none. Return why they have to be held instead.

    Each has its connection fetched. Call it inside the transaction that writes them.
    """
    pairs = [(job, job.connection) for job in jobs]
    expenses = [build_expense(job, connection, state=Job.State.QUEUED) for job, connection in pairs if connection]
    exceeded = reserve(expenses=expenses)
    return None if exceeded is None else build_budget_hold(exceeded, jobs[0])


def build_expense(job: Job, connection: Connection, *, state: str) -> Expense:
    """Return what the job costs on the connection if it continues in the state."""
    return Expense(
        job_uuid=job.uuid,
        team_id=job.team_id,
        person_id=job.created_by_id,
        connection=connection,
        credits=job.credits,
        continues=state == Job.State.DOWNLOADING,
    )


def is_short(job: Job, connection: Connection) -> bool:
    """Return whether the job costs more than the connection has left for it, as far as the balance is known."""
    left = find_available_credits([connection], without_job=job.uuid)[connection.pk]
    return left is not None and left < job.credits


def build_credits_hold(job: Job) -> Hold:
    """Return the hold of a job whose connection has too few credits.

    The sentence doesn't name the connection: the team reads it, and the connection may be private.
    """
    reason = _(
        "The connection has fewer credits left than the %(cost)s that this job costs. It continues by itself once a "
        "check of the balance finds enough."
    )
    return Hold(CAUSES.CREDITS, reason % {"cost": credit_count(job.credits)})


def build_budget_hold(budget: Budget, job: Job) -> Hold:
    """Return the hold of a job that would exceed the budget. The sentence tells no figures of it."""
    subject = _describe_subject(budget)
    if budget.is_monthly:
        reason = _(
            "%(subject)s for this month has no room for the %(cost)s that this job costs. It continues by itself once "
            "the budget is raised, or next month."
        )
    else:
        reason = _(
            "%(subject)s has no room for the %(cost)s that this job costs. It continues by itself once the budget is "
            "raised."
        )
    return Hold(CAUSES.BUDGET, reason % {"subject": subject, "cost": credit_count(job.credits)})


def _describe_subject(budget: Budget) -> str:
    if budget.connection_id is not None:
        return _("The connection's budget")
    if budget.person is not None:
        return _("The budget of %(name)s") % {"name": budget.person.get_username()}
    return _("The team's budget")


def _lock_connection(connection: Connection) -> None:
    """Make jobs that reserve what is left on the connection do so one after another, and read its balance anew."""
    fresh = Connection.objects.without_token().select_for_update(of=("self",), no_key=True).get(pk=connection.pk)
    connection.granted, connection.used, connection.checked_at = fresh.granted, fresh.used, fresh.checked_at
