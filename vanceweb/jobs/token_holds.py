"""Jobs that are held because their service refuses the connection's token, until the token is replaced.

A job that comes upon the refusal in a call of its own is held by its worker. These sweeps hold those that wait for
their turn, and release all of them once a check later than the hold has succeeded. Nothing is lost or sent twice: a
held job continues in the state in which it was.
"""

from django.db.models import F, Q
from django.utils import timezone

from vanceweb.jobs.conditions import JobRefused
from vanceweb.jobs.failures import TOKEN_REJECTED
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import fail_held_job, release_job
from vanceweb.lib.row_faults import run_for_each
from vanceweb.vault.models import Connection

# Jobs per call, so that a sweep stays short. The next one continues.
BATCH = 100


def hold_jobs_of_rejected_tokens() -> int:
    """Hold the jobs that wait for their turn on connections whose token was refused. Return their number."""
    rejected = Connection.objects.filter(rejected_at__isnull=False)
    # On most sites this one query is all that a round costs.
    if not rejected.exists():
        return 0
    waiting = Job.objects.filter(connection__in=rejected.values("pk"), state=Job.State.QUEUED, lease_token=None)
    return waiting.update(
        state=Job.State.HELD,
        resume_state=Job.State.QUEUED,
        held_reason=str(TOKEN_REJECTED),
        held_for=Job.HoldCause.TOKEN,
        held_at=timezone.now(),
    )


def release_jobs_of_accepted_tokens() -> int:
    """Release held jobs whose connection's token works again, or whose connection is gone. Return their number.

    A job that may no longer use its connection or its picture fails with the reason.
    """
    held = Job.objects.filter(state=Job.State.HELD, held_for=Job.HoldCause.TOKEN)
    works = Q(connection__check_state=Connection.CheckState.OK, connection__last_error="")
    ready = held.filter(works & Q(connection__checked_at__gt=F("held_at")) | Q(connection=None))
    return run_for_each("Releasing jobs held for a token", ready, _release, limit=BATCH)


def _release(pk: int) -> None:
    job = Job.objects.with_connection().get(pk=pk)
    try:
        release_job(job=job)
    except JobRefused as refusal:
        # Otherwise the token has been refused again since.
        if job.connection is None or not job.connection.is_broken:
            fail_held_job(job=job, sentence=str(refusal))
