"""The io worker's side of a job: taking one and running its phases."""

import logging
from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vanceweb.client import InsufficientCredits, InvalidToken, ServiceUnreachable, VanceError
from vanceweb.jobs.claims import LONGEST_PAUSE_SECONDS, ClaimedJob, JobRun, WakeCallback
from vanceweb.jobs.due_jobs import claim_job, take_due_job
from vanceweb.jobs.failures import (
    TOKEN_REJECTED,
    TRANSIENT_ERRORS,
    Failure,
    JobCannotContinue,
    find_resume_state,
    to_failure,
)
from vanceweb.jobs.models import Job
from vanceweb.jobs.phases import PHASES
from vanceweb.jobs.service_polls import compute_poll_pause
from vanceweb.jobs.spending import build_credits_hold
from vanceweb.lib.call_slots import get_call_slots
from vanceweb.lib.decoding import DecoderUnavailable
from vanceweb.lib.encryption import DecryptionFailed
from vanceweb.lib.images import ImageRefused
from vanceweb.lib.leases import Heartbeat, Lease, LeaseLost
from vanceweb.lib.request_ids import use_work_id
from vanceweb.lib.row_faults import release_after_fault
from vanceweb.lib.storage_faults import RETRY_SECONDS, find_fault
from vanceweb.teams.access import filter_usable
from vanceweb.vault.clients import build_client
from vanceweb.vault.connection_check import TOKEN_UNREADABLE
from vanceweb.vault.models import Connection
from vanceweb.vault.services import request_balances

logger = logging.getLogger(__name__)

# The site tries for this long to tell a service that a job was cancelled, with this pause between the attempts.
CANCEL_NOTICE_SECONDS = 600
CANCEL_RETRY_SECONDS = 10.0
CONNECTION_GONE = gettext_lazy("The connection was removed before the job was done.")
WORKERS_DIED = gettext_lazy("The site's worker crashed several times while running this job.")
UNEXPECTED = gettext_lazy("An unexpected error occurred on this site. See the site's log for details.")


def ignore_wake() -> None:
    """Do nothing: the caller advances the jobs itself."""


def advance_due_job(*, wake: WakeCallback) -> None:
    """Take the best due job and work on it until it ends or has to wait. Return at once if nothing is due.

    `wake` is called for jobs that become due meanwhile, in the transactions that write their rows.
    """
    slots = get_call_slots()
    taken = slots.take(take_due_job, call_later=wake)
    if taken is None:
        return
    service, (seen, lease) = taken
    with slots.returning(service):
        _take_turn(seen, lease, wake)


def advance_job(job_id: int) -> None:
    """Work on this job until it ends or has to wait, whether it is its turn or not.

    Do nothing if it has ended, is held, was deleted, isn't due yet or is claimed by another worker. If it waits for its
    service, it is due again after the pause between two polls. Can safely be called at any time and repeatedly.
    """
    seen = Job.objects.filter(pk=job_id).first()
    if seen is None or not (seen.is_active or (seen.has_ended and seen.cancel_requested)):
        return
    if seen.is_parked:
        _unpark_for_poll(seen)
    lease = claim_job(seen)
    if lease is not None:
        _take_turn(seen, lease, ignore_wake)


def _unpark_for_poll(seen: Job) -> None:
    """Make a parked job due if the last turn was a while ago."""
    connection = Connection.objects.without_token().filter(jobs=seen.pk).first()
    pause = compute_poll_pause(connection) if connection is not None else 0.0
    asked_before = timezone.now() - timedelta(seconds=pause)
    parked = Job.objects.filter(pk=seen.pk, state=seen.state, not_before=None, woken_at__lte=asked_before)
    parked.update(not_before=timezone.now())


def _take_turn(seen: Job, lease: Lease[Job], wake: WakeCallback) -> None:
    """Run the turn of a job that was just claimed. `seen` is the row before that.

    A fault that keeps the turn's result from being stored counts as a setback, with a sentence that can be stored.
    """
    fields = {"setbacks": F("setbacks") + 1, "error": str(UNEXPECTED), "error_code": None}
    try:
        with (
            use_work_id("job", seen.uuid),
            release_after_fault("The turn of a job", lease, seconds=LONGEST_PAUSE_SECONDS, **fields),
        ):
            _run_turn(seen, lease, wake)
    except LeaseLost:
        # Calls of this turn were broken off, so their errors say nothing about the service.
        logger.info("Job %s was ended or taken over while it was running", seen.pk)


def _run_turn(seen: Job, lease: Lease[Job], wake: WakeCallback) -> None:
    # The row may have changed since it was read, before the claim.
    claimed = ClaimedJob(Job.objects.get(pk=seen.pk), lease, wake)
    try:
        if claimed.job.has_ended:
            _cancel_at_service(claimed)
            return
        if seen.lease_until is not None:
            # The row still had a lease, which had expired: its worker died.
            claimed.write(setbacks=claimed.job.setbacks + 1)
        _run_phases_or_fail(claimed)
    except (KeyboardInterrupt, SystemExit):
        _release_early(claimed)
        raise


def _release_early(claimed: ClaimedJob) -> None:
    """Release the job when the worker has to stop, so that the next one needn't wait for the lease to expire."""
    with suppress(LeaseLost):
        claimed.lease.release(not_before=timezone.now(), woken_at=None)


def _run_phases_or_fail(claimed: ClaimedJob) -> None:
    job = claimed.job
    try:
        _run_phases(claimed)
    except LeaseLost:
        raise
    except JobCannotContinue as stop:
        claimed.fail(stop.failure)
    except DecryptionFailed:
        claimed.fail(Failure(None, str(TOKEN_UNREADABLE), find_resume_state(job), Job.FailureKind.TOKEN))
        _check_connection_soon(job)
    except ImageRefused as error:
        # Only results are checked here. Downloading the result again is free.
        sentence = _("The result can't be used: %(reason)s") % {"reason": error}
        claimed.back_off(Failure(None, sentence, find_resume_state(job), Job.FailureKind.SETTINGS))
    except DecoderUnavailable as error:
        claimed.back_off(Failure(None, str(error), find_resume_state(job)))
    except TRANSIENT_ERRORS as error:
        claimed.back_off(to_failure(error, job))
        if job.state == Job.State.FAILED:
            _check_connection_soon(job)
    except InvalidToken as error:
        if job.setbacks < settings.JOB_MAX_SETBACKS:
            claimed.hold(reason=str(TOKEN_REJECTED), cause=Job.HoldCause.TOKEN)
        else:
            claimed.fail(to_failure(error, job))
        _check_connection_soon(job)
    except InsufficientCredits as error:
        if job.waits_for_credits and job.setbacks < settings.JOB_MAX_SETBACKS:
            claimed.hold_for_credits(reason=build_credits_hold(job).reason)
            _check_connection_soon(job)
        else:
            claimed.fail(to_failure(error, job))
    except VanceError as error:
        claimed.fail(to_failure(error, job))
    except Exception as error:
        if fault := find_fault(error):
            logger.warning("Job %s has to wait: %s", job.pk, fault.waiting)
            claimed.pause(RETRY_SECONDS, error=str(fault.waiting), error_code=None)
            return
        logger.exception("Job %s failed with an unexpected error", job.pk)
        claimed.back_off(Failure(None, str(UNEXPECTED), find_resume_state(job)))


def _check_connection_soon(job: Job) -> None:
    """Have the connection checked at once: a job failed on it, so its card may no longer say that it works."""
    if job.connection_id is not None:
        request_balances(connection_ids=[job.connection_id])


def _run_phases(claimed: ClaimedJob) -> None:
    job = claimed.job
    if job.setbacks > settings.JOB_MAX_SETBACKS:
        raise JobCannotContinue(Failure(None, str(WORKERS_DIED), find_resume_state(job)))
    connection = _find_connection(job)
    if connection is None:
        raise JobCannotContinue(Failure(None, str(CONNECTION_GONE)))
    with (
        build_client(connection) as client,
        Heartbeat(claimed.lease, every=settings.LEASE_HEARTBEAT_SECONDS, on_lost=client.abort),
    ):
        run = JobRun(job, claimed.lease, claimed.wake, connection, client)
        while job.is_active:
            if PHASES[job.state](run):
                return


def _find_connection(job: Job) -> Connection | None:
    """Return the job's connection. A connection that its person took back only finishes what it has started."""
    connections = Connection.objects.without_token().filter(jobs=job.pk)
    return connections.first() if job.has_started_transform else filter_usable(connections, job.ownership).first()


def _cancel_at_service(claimed: ClaimedJob) -> None:
    """Request cancellation from the service of a job that was ended on this site."""
    job = claimed.job
    connection = Connection.objects.without_token().filter(jobs=job.pk).first()
    try:
        if connection is not None and job.trans_id:
            with (
                build_client(connection) as client,
                Heartbeat(claimed.lease, every=settings.LEASE_HEARTBEAT_SECONDS, on_lost=client.abort),
            ):
                client.cancel(job.trans_id)
    except ServiceUnreachable:
        now = timezone.now()
        until = (job.finished_at or now) + timedelta(seconds=CANCEL_NOTICE_SECONDS)
        again = now + timedelta(seconds=CANCEL_RETRY_SECONDS)
        # Afterwards only a retry of the job tells the service.
        claimed.lease.release(not_before=again if again < until else None, woken_at=now)
        return
    except (VanceError, DecryptionFailed) as error:
        logger.info("Job %s could not be cancelled at the service: %s", job.pk, type(error).__name__)
    claimed.lease.release(cancel_requested=False, not_before=None)
