"""The polls of services: one worker at a time asks for the progress of all jobs that a connection's service has.

Waiting jobs cost nothing: they are parked, and a poll makes those due that have ended. Their own turns do the rest.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from vanceweb.client import JobProgress, ServiceUnreachable, VanceClient, VanceError
from vanceweb.jobs.claims import WakeCallback, compute_pause
from vanceweb.jobs.failures import TRANSIENT_ERRORS, to_failure
from vanceweb.jobs.models import Job, ServicePoll
from vanceweb.jobs.progress import build_progress_fields
from vanceweb.jobs.service_polls import LONGEST_POLL_SECONDS, MOST_DOUBLINGS, compute_poll_pause
from vanceweb.lib.call_slots import get_call_slots
from vanceweb.lib.encryption import DecryptionFailed
from vanceweb.lib.leases import Heartbeat, Lease, LeaseLost
from vanceweb.lib.row_faults import release_after_fault
from vanceweb.vault.clients import build_client
from vanceweb.vault.models import Connection
from vanceweb.vault.service_calls import take_due_row

logger = logging.getLogger(__name__)

# After this many jobs in a row without an answer, the service counts as unreachable and isn't asked about the others.
UNREACHABLE_AFTER = 2
# The engine's workers are busy with other jobs: every so many rounds it is asked about a waiting one too.
WAITING_ROUNDS = 5


def poll_due_service(*, wake_job: WakeCallback, wake_poll: WakeCallback) -> None:
    """Take the poll that is most overdue and ask its service. Return at once if none is due.

    `wake_job` is called for each job that became due, `wake_poll` if a poll was passed over for want of a slot.
    """
    taken = take_due_row(
        ServicePoll.objects.all(),
        base_url="connection__base_url",
        call_later=wake_poll,
        polled_at=timezone.now(),
        rounds=F("rounds") + 1,
    )
    if taken is None:
        return
    service, lease = taken
    # Otherwise the connection was removed, or another worker has taken over.
    with (
        get_call_slots().returning(service),
        suppress(LeaseLost),
        release_after_fault("The poll of a connection", lease, seconds=LONGEST_POLL_SECONDS),
    ):
        connection = Connection.objects.without_token().filter(poll=lease.pk).first()
        if connection is not None:
            poll_connection(connection, lease, wake_job)


def poll_connection(connection: Connection, lease: Lease[ServicePoll], wake: WakeCallback) -> None:
    """Ask the service about the connection's parked jobs, store what it says, and schedule the next poll.

    Raise LeaseLost.
    """
    poll = ServicePoll.objects.filter(pk=lease.pk).first()
    if poll is None:
        return
    seen = PollRound(wake)
    parked = filter_parked(connection)
    try:
        with (
            build_client(connection) as client,
            Heartbeat(lease, every=settings.LEASE_HEARTBEAT_SECONDS, on_lost=client.abort) as heartbeat,
        ):
            seen.ask_about_all(client, _choose_jobs(connection, poll, parked), is_lost=heartbeat.lost.is_set)
    except DecryptionFailed:
        seen.make_due(parked)
    _release(connection, lease, seen)


def filter_parked(connection: Connection) -> QuerySet[Job]:
    """Return the connection's jobs that wait for its service."""
    parked = Job.objects.filter(connection=connection, state=Job.State.PROCESSING, not_before=None, lease_token=None)
    return parked.exclude(trans_id="")


def _choose_jobs(connection: Connection, poll: ServicePoll, parked: QuerySet[Job]) -> list[Job]:
    """Return the jobs to ask about. Those without errors come first, so that one that hangs doesn't hide the others."""
    jobs = list(parked.order_by("setbacks", "pk"))
    working = [job for job in jobs if job.work_started_at is not None]
    engine_workers = max(1, settings.BUNDLED_JOBS_AT_ONCE - 1)
    if connection.is_bundled and len(working) >= engine_workers and poll.rounds % WAITING_ROUNDS:
        # The others wait behind these, and the engine tells when one ends.
        return working
    return jobs


@dataclass
class PollRound:
    """One round of questions to a service."""

    wake: WakeCallback
    has_news: bool = False
    # The seconds until the next round, if the service was unreachable.
    pause: float = 0.0

    def ask_about_all(self, client: VanceClient, jobs: list[Job], *, is_lost: Callable[[], bool]) -> None:
        """Ask about one job after the other. Stop if the service is unreachable or `is_lost`."""
        has_answered = False
        unanswered: list[tuple[Job, VanceError]] = []
        for job in jobs:
            try:
                progress = client.get_progress(job.trans_id)
            except ServiceUnreachable as error:
                unanswered.append((job, error))
            except VanceError as error:
                has_answered = True
                self._leave_to_turn(job, error)
            else:
                has_answered = True
                self._record_or_leave(job, progress)
            if is_lost():
                return
            if len(unanswered) >= UNREACHABLE_AFTER:
                break
        if has_answered:
            for job, outage in unanswered:
                self._leave_to_turn(job, outage)
        elif unanswered:
            # Also those that weren't asked about: to all of them the service is unreachable.
            self._record_setbacks(jobs, unanswered[-1][1])

    def record_progress(self, job: Job, progress: JobProgress) -> None:
        """Store a job's progress and, if it has ended, make it due. Do nothing if the job has moved on meanwhile."""
        now = timezone.now()
        fields = build_progress_fields(job, progress, now=now)
        changed = {name: value for name, value in fields.items() if getattr(job, name) != value}
        if progress.status.has_ended:
            changed |= {"not_before": now, "woken_at": now}
        if changed:
            self.has_news = True
            self._store(job, changed, is_due=progress.status.has_ended)

    def _record_or_leave(self, job: Job, progress: JobProgress) -> None:
        """Store a job's progress. If that fails, leave it to the job's own turn, and go on with the others."""
        try:
            self.record_progress(job, progress)
        except Exception:
            logger.exception("The progress of job %s could not be stored", job.pk)
            self._make_due(job)

    def make_due(self, jobs: QuerySet[Job]) -> None:
        """Have each job's own turn ask the service: it handles the answer that ends the job."""
        for job in jobs:
            self._make_due(job)

    def _leave_to_turn(self, job: Job, error: VanceError) -> None:
        """Have the job's own turn ask. It handles errors, and pauses longer after each without slowing down others."""
        if not isinstance(error, TRANSIENT_ERRORS) or job.setbacks >= settings.JOB_MAX_SETBACKS:
            self._make_due(job)
            return
        later = timezone.now() + timedelta(seconds=compute_pause(job.setbacks + 1))
        self._store(job, self._build_error_fields(job, error) | {"not_before": later})

    def _record_setbacks(self, jobs: list[Job], error: VanceError) -> None:
        """Count a setback of each job. After the last one that is allowed, the job's own turn asks once more."""
        for job in jobs:
            if job.setbacks >= settings.JOB_MAX_SETBACKS:
                self._make_due(job)
            else:
                self.pause = max(self.pause, compute_pause(job.setbacks + 1))
                self._store(job, self._build_error_fields(job, error))

    def _build_error_fields(self, job: Job, error: VanceError) -> dict[str, Any]:
        failure = to_failure(error, job)
        return {"setbacks": job.setbacks + 1, "error": failure.sentence, "error_code": failure.code}

    def _make_due(self, job: Job) -> None:
        self.has_news = True
        now = timezone.now()
        self._store(job, {"not_before": now, "woken_at": now}, is_due=True)

    def _store(self, job: Job, fields: dict[str, Any], *, is_due: bool = False) -> None:
        """Write the fields, and wake a worker if the job is due. Do nothing if the job has moved on meanwhile."""
        same = Job.objects.filter(
            pk=job.pk, state=Job.State.PROCESSING, trans_id=job.trans_id, not_before=None, lease_token=None
        )
        with transaction.atomic():
            if same.update(**fields) and is_due:
                self.wake()


def _release(connection: Connection, lease: Lease[ServicePoll], seen: PollRound) -> None:
    """End the poll and schedule the next one: none if nothing is parked. Raise LeaseLost.

    The lock makes a job that is parked at this moment either visible here, or see that no poll is scheduled.
    """
    with transaction.atomic():
        poll = ServicePoll.objects.select_for_update().filter(pk=lease.pk, lease_token=lease.token).first()
        if poll is None:
            raise LeaseLost(f"poll {lease.pk} is no longer held")
        unchanged = 0 if seen.has_news else min(poll.unchanged + 1, MOST_DOUBLINGS)
        next_at = None
        if filter_parked(connection).exists():
            pause = seen.pause or compute_poll_pause(connection, unchanged=unchanged)
            next_at = _find_next_time(poll, timezone.now() + timedelta(seconds=pause))
        lease.release(not_before=next_at, unchanged=unchanged)


def _find_next_time(poll: ServicePoll, wanted: datetime) -> datetime:
    """Return the time of the next poll: sooner than wanted if a job was added or a hint came during this one."""
    if poll.not_before is not None and poll.polled_at is not None and poll.not_before > poll.polled_at:
        return min(wanted, poll.not_before)
    return wanted
