"""The credits left on the connections of a tool's form, and the choices for jobs that cost more."""

from decimal import Decimal

from django import template

from vanceweb.jobs.forms import SubmissionForm
from vanceweb.jobs.models import Job
from vanceweb.jobs.shortage_remedies import list_ways_out
from vanceweb.jobs.shortages import WhenShort
from vanceweb.teams.access import Actor
from vanceweb.vault.models import Connection

register = template.Library()


@register.filter
def get_available(submission: SubmissionForm, connection: Connection | None) -> Decimal | None:
    """Return the credits that are left for new jobs; None if that isn't known."""
    left = None if connection is None else submission.available[connection.pk]
    return None if left is None else max(Decimal(0), left)


@register.filter
def is_short_on(submission: SubmissionForm, connection: Connection) -> bool:
    """Return whether the job costs more than the connection has left."""
    return submission.is_short(connection)


@register.filter
def find_ways_out(job: Job, actor: Actor | None) -> list[WhenShort]:
    """Return the choices for a job that failed for want of credits. One query for such a job, none for others."""
    is_allowed = actor is not None and actor.can_make and actor.can_edit(job)
    return list_ways_out(actor, job) if actor is not None and is_allowed else []
