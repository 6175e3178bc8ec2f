"""The io worker's side of a job: claiming it and running its phases."""

import logging
from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vanceweb.client import ServiceUnreachable, VanceError
from vanceweb.jobs.claims import REWAKE_SECONDS, ClaimedJob, JobRun, WakeCallback
from vanceweb.jobs.failures import TRANSIENT_ERRORS, Failure, JobCannotContinue, find_resume_state, to_failure
from vanceweb.jobs.models import Job
from vanceweb.jobs.phases import PHASES
from vanceweb.lib.decoding import DecoderUnavailable
from vanceweb.lib.encryption import DecryptionFailed
from vanceweb.lib.images import ImageRefused
from vanceweb.lib.leases import Heartbeat, LeaseLost, claim
from vanceweb.teams.access import filter_usable
from vanceweb.vault.clients import build_client
from vanceweb.vault.connection_check import TOKEN_UNREADABLE
from vanceweb.vault.models import Connection

logger = logging.getLogger(__name__)

CONNECTION_GONE = gettext_lazy("The connection was removed before the job was done.")
WORKERS_DIED = gettext_lazy("The site's worker crashed several times while running this job.")
UNEXPECTED = gettext_lazy("An unexpected error occurred on this site. See the site's log for details.")


def _ignore_wake(job_id: int, at: datetime) -> None:
    """Do nothing: the caller schedules the job itself."""


def advance_job(job_id: int, *, wake: WakeCallback = _ignore_wake) -> datetime | None:
    """Run the job's phases until it ends or has to wait, and return the time of its next turn.

    Return None if the job has ended, is held, was deleted, isn't due yet or is claimed by another worker. `wake` is
    called with each next turn, in the transaction that writes the row. Can safely be called at any time and repeatedly.
    """
    job = Job.objects.filter(pk=job_id).first()
    if job is None:
        return None
    if job.has_ended:
        _cancel_at_service(job)
        return None
    if not job.is_active:
        return None
    claimed = _claim_job(job, wake)
    if claimed is None:
        return None
    try:
        with Heartbeat(claimed.lease, every=settings.LEASE_HEARTBEAT_SECONDS):
            return _take_turn(claimed)
    except LeaseLost:
        logger.info("Job %s was ended or taken over while it was running", job_id)
        return None
    except (KeyboardInterrupt, SystemExit):
        _release_early(claimed)
        raise


def _claim_job(seen: Job, wake: WakeCallback) -> ClaimedJob | None:
    duration = timedelta(seconds=settings.LEASE_SECONDS)
    started_at = Coalesce("started_at", timezone.now())
    lease = claim(
        Job.objects.all(),
        pk=seen.pk,
        states=[seen.state],
        state=seen.state,
        duration=duration,
        # After an expired lease, the claim is a new attempt at what killed the last worker.
        is_attempt=not seen.is_being_polled or seen.lease_until is not None,
        started_at=started_at,
    )
    if lease is None:
        return None
    # The row may have changed since it was read, before the claim.
    job = Job.objects.get(pk=seen.pk)
    claimed = ClaimedJob(job, lease, wake)
    if seen.lease_until is not None:
        # The row still has a lease, which has expired: its worker died.
        claimed.write(setbacks=job.setbacks + 1)
    return claimed


def _release_early(claimed: ClaimedJob) -> None:
    """Release the job when the worker has to stop, so that the next one needn't wait for the lease to expire."""
    long_ago = timezone.now() - timedelta(seconds=REWAKE_SECONDS)
    with suppress(LeaseLost):
        claimed.lease.release(not_before=timezone.now(), woken_at=long_ago)


def _take_turn(claimed: ClaimedJob) -> datetime | None:
    job = claimed.job
    try:
        return _run_phases(claimed)
    except LeaseLost:
        raise
    except JobCannotContinue as stop:
        claimed.fail(stop.failure)
    except DecryptionFailed:
        claimed.fail(Failure(None, str(TOKEN_UNREADABLE), find_resume_state(job)))
    except ImageRefused as error:
        # Only results are checked here. Downloading the result again is free.
        sentence = _("The result can't be used: %(reason)s") % {"reason": error}
        return claimed.back_off(Failure(None, sentence, find_resume_state(job)))
    except DecoderUnavailable as error:
        return claimed.back_off(Failure(None, str(error), find_resume_state(job)))
    except TRANSIENT_ERRORS as error:
        return claimed.back_off(to_failure(error, job))
    except VanceError as error:
        claimed.fail(to_failure(error, job))
    except Exception:
        logger.exception("Job %s failed with an unexpected error", job.pk)
        return claimed.back_off(Failure(None, str(UNEXPECTED), find_resume_state(job)))
    return None


def _run_phases(claimed: ClaimedJob) -> datetime | None:
    job = claimed.job
    if job.setbacks > settings.JOB_MAX_SETBACKS:
        raise JobCannotContinue(Failure(None, str(WORKERS_DIED), find_resume_state(job)))
    connection = _find_connection(job)
    if connection is None:
        raise JobCannotContinue(Failure(None, str(CONNECTION_GONE)))
    with build_client(connection) as client:
        run = JobRun(job, claimed.lease, claimed.wake, connection, client)
        while job.is_active:
            pause_until = PHASES[job.state](run)
            if pause_until is not None:
                return pause_until
    return None


def _find_connection(job: Job) -> Connection | None:
    """Return the job's connection. A connection that its person took back only finishes what it has started."""
    connections = Connection.objects.without_token().filter(jobs=job.pk)
    return connections.first() if job.has_started_transform else filter_usable(connections, job.ownership).first()


def _cancel_at_service(job: Job) -> None:
    """Request cancellation from the service if the job was ended on this site."""
    if not job.cancel_requested or not job.trans_id:
        return
    connection = Connection.objects.without_token().filter(jobs=job.pk).first()
    try:
        if connection is not None:
            with build_client(connection) as client:
                client.cancel(job.trans_id)
    except ServiceUnreachable:
        # The sweeper schedules further attempts for a while.
        return
    except (VanceError, DecryptionFailed) as error:
        logger.info("Job %s could not be cancelled at the service: %s", job.pk, type(error).__name__)
    Job.objects.filter(pk=job.pk, trans_id=job.trans_id, state__in=Job.ENDED).update(cancel_requested=False)
