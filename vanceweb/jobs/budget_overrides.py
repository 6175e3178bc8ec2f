"""An owner's permission for a held job to exceed a budget."""

from django.db import transaction
from django.utils.translation import gettext as _

from vanceweb.budgets.reservations import has_exceeded
from vanceweb.jobs.conditions import JobRefused
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import release_job
from vanceweb.jobs.source_names import is_named_to_team
from vanceweb.teams.access import Action, Actor, filter_visible, require
from vanceweb.teams.audit import record_event
from vanceweb.teams.models import AuditAction


@transaction.atomic
def override_budget(*, actor: Actor, job: Job) -> None:
    """Let a job that is held for a budget continue, once. Raise PermissionDenied and JobRefused."""
    require(actor, Action.OVERRIDE_BUDGETS)
    held = filter_visible(Job.objects.select_for_update(of=("self",)), actor).filter(
        pk=job.pk, state=Job.State.HELD, held_for=Job.HoldCause.BUDGET
    )
    locked = held.first()
    if locked is None:
        raise JobRefused(_("The job is no longer held for a budget."))
    if has_exceeded(job_uuid=locked.uuid):
        raise JobRefused(_("This job was allowed to exceed a budget once already. Raise the budget instead."))
    release_job(job=locked, may_exceed=True)
    record_event(
        AuditAction.BUDGET_OVERRIDDEN,
        by=actor.performer,
        target=locked,
        is_named=is_named_to_team(locked),
        credits=locked.credits,
    )
    job.refresh_from_db()
