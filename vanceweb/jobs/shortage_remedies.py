"""A person's choices for a job that failed because its connection had too few credits."""

from django.db import transaction
from django.utils.translation import gettext as _

from vanceweb.budgets.spent_credits import find_available_credits
from vanceweb.jobs.conditions import JobRefused
from vanceweb.jobs.models import Job
from vanceweb.jobs.result_limits import find_impossible_size, measure_asset
from vanceweb.jobs.services import retry_job
from vanceweb.jobs.shortages import WhenShort, find_others, list_others
from vanceweb.teams.access import Actor, filter_visible
from vanceweb.vault.models import Connection
from vanceweb.vault.services import request_balances

WAYS_OUT = (WhenShort.HOLD, WhenShort.OTHER_CONNECTION, WhenShort.BUNDLED_ENGINE)


@transaction.atomic
def retry_short_job(*, actor: Actor, job: Job, when_short: str) -> Job:
    """Retry a job that failed for want of credits: held until they arrive, or on another connection.

    On its own connection it goes on with the download; another one works on the picture again. Raise JobRefused.
    """
    if when_short not in WAYS_OUT:
        raise JobRefused(_("Choose what should happen."))
    locked = filter_visible(Job.objects.select_for_update(of=("self",)), actor).filter(pk=job.pk).first()
    if locked is None or not can_resolve_shortage(locked):
        raise JobRefused(_("Only a job that failed for want of credits can go on in this way."))
    if when_short == WhenShort.HOLD:
        retry_job(actor=actor, job=locked, waits_for_check=True)
        if locked.connection_id is not None:
            request_balances(connection_ids=[locked.connection_id])
    else:
        _move(locked, _choose_other(actor, locked, when_short))
        retry_job(actor=actor, job=locked)
    job.refresh_from_db()
    return job


def can_resolve_shortage(job: Job) -> bool:
    """Return whether the job failed for want of credits, and still has its picture and its connection."""
    return job.can_retry and job.failure_kind == Job.FailureKind.CREDITS


def list_ways_out(actor: Actor, job: Job) -> list[WhenShort]:
    """Return the choices for a job that failed for want of credits: those that lead anywhere. One query."""
    connection = job.connection
    if connection is None or not can_resolve_shortage(job):
        return []
    others = find_others(actor, connection)
    is_offered = {
        WhenShort.OTHER_CONNECTION: any(not row.is_bundled for row in others),
        WhenShort.BUNDLED_ENGINE: any(row.is_bundled for row in others),
    }
    return [way for way in WAYS_OUT if is_offered.get(way, True)]


def _choose_other(actor: Actor, job: Job, when_short: str) -> Connection:
    """Return the first connection of the choice that has enough credits. Raise JobRefused if none has."""
    current = Connection.objects.without_token().get(jobs=job.pk)
    others = list_others(actor, current, when_short)
    available = find_available_credits(others)
    for connection in others:
        left = available[connection.pk]
        if left is None or left >= job.credits:
            break
    else:
        raise JobRefused(_("No such connection has enough credits for this job."))
    source = job.source
    impossible = source and find_impossible_size(
        connection, measure_asset(source), job.parsed_steps, job.output_settings
    )
    if impossible:
        raise JobRefused(impossible)
    return connection


def _move(job: Job, connection: Connection) -> None:
    """Have the job begin anew on another connection."""
    fields = {
        "connection": connection,
        "connection_name": connection.name,
        "resume_state": "",
        "trans_id": "",
        "cancel_requested": False,
    }
    Job.objects.filter(pk=job.pk).update(**fields)
    job.refresh_from_db()
