"""Claimed jobs: a job's row, the lease that allows one worker to write it, and the service that runs it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from vanceweb.budgets.reservations import release_reservations
from vanceweb.client import VanceClient
from vanceweb.jobs.failures import Failure
from vanceweb.jobs.models import Job
from vanceweb.jobs.places import wake_next_job
from vanceweb.jobs.service_polls import schedule_poll
from vanceweb.lib.leases import Lease, LeaseLost
from vanceweb.vault.models import Connection

# Wakes a worker for a due job. Called in the transaction that makes one due.
WakeCallback = Callable[[], object]

# Pauses after temporary failures double from the first to the longest, up to JOB_MAX_SETBACKS in a row.
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 120.0


def compute_pause(setbacks: int) -> float:
    """Return the seconds to wait after this many temporary failures in a row, from 1."""
    return float(min(FIRST_PAUSE_SECONDS * 2 ** (setbacks - 1), LONGEST_PAUSE_SECONDS))


@dataclass(frozen=True)
class ClaimedJob:
    """A job under a lease. Every write goes through the lease and raises LeaseLost if the lease was lost."""

    job: Job
    lease: Lease[Job]
    wake: WakeCallback

    def write(self, **fields: Any) -> None:
        """Write the fields to the row and to `job`."""
        self.lease.write(**fields)
        self._copy_to_job(fields)

    def release(self, **fields: Any) -> None:
        """Write the fields and end the lease. If that frees a place at the service, wake a worker for the next job."""
        leaves_place = self.job.state in Job.IN_PLACE or self.job.state == Job.State.QUEUED
        with transaction.atomic():
            self.lease.release(**fields)
            self._copy_to_job(fields)
            if leaves_place and self.job.state not in Job.IN_PLACE:
                wake_next_job(self.job.connection_id, self.wake)

    def pause(self, seconds: float, **fields: Any) -> None:
        """Write the fields and release the job, which is due again after `seconds`."""
        now = timezone.now()
        self.release(not_before=now + timedelta(seconds=seconds), woken_at=now, **fields)

    def fail(self, failure: Failure) -> None:
        """End the job as failed. Its credits are given back, unless its service may have charged them."""
        with transaction.atomic():
            self.release(
                state=Job.State.FAILED,
                resume_state=failure.resume_state,
                error_code=failure.code,
                error=failure.sentence,
                failure_kind=failure.kind,
                finished_at=timezone.now(),
                not_before=None,
            )
            if not self.job.may_be_charged:
                release_reservations(job_uuids=[self.job.uuid])

    def hold(self, *, reason: str, cause: str) -> None:
        """Hold the job in its state until the cause is over, and count a setback."""
        self.release(
            state=Job.State.HELD,
            resume_state=self.job.state,
            held_reason=reason,
            held_for=cause,
            held_at=timezone.now(),
            setbacks=self.job.setbacks + 1,
        )

    def hold_for_credits(self, *, reason: str) -> None:
        """Hold the job until its connection has the credits. It reserves none meanwhile."""
        with transaction.atomic():
            self.hold(reason=reason, cause=Job.HoldCause.CREDITS)
            release_reservations(job_uuids=[self.job.uuid])

    def back_off(self, failure: Failure) -> None:
        """Pause after a transient error, twice as long each time, or end the job if it has had too many in a row."""
        setbacks = self.job.setbacks + 1
        if setbacks > settings.JOB_MAX_SETBACKS:
            self.fail(failure)
            return
        self.pause(compute_pause(setbacks), setbacks=setbacks, error=failure.sentence, error_code=failure.code)

    def _copy_to_job(self, fields: dict[str, Any]) -> None:
        for name, value in fields.items():
            setattr(self.job, name, value)


@dataclass(frozen=True)
class JobRun(ClaimedJob):
    """A claimed job with its connection and a client for the service."""

    connection: Connection
    client: VanceClient

    def move_to(self, state: str, **fields: Any) -> None:
        """Set the job's next state and clear its errors. If it leaves its service, wake a worker for the next job."""
        leaves_place = self.job.state in Job.IN_PLACE and state not in Job.IN_PLACE
        with transaction.atomic():
            self.write(state=state, setbacks=0, error="", error_code=None, **fields)
            if leaves_place:
                wake_next_job(self.connection.pk, self.wake)

    def park(self) -> None:
        """Release the job until its service ends it: the poll of the connection asks from now on.

        If an event made it due during this turn, the job stays due.
        """
        now = timezone.now()
        fields: dict[str, Any] = {"not_before": None, "woken_at": now, "lease_until": None, "lease_token": None}
        held = Job.objects.filter(pk=self.job.pk, lease_token=self.lease.token)
        with transaction.atomic():
            if held.filter(woken_at=self.job.woken_at).update(**fields) == 0:
                fields["not_before"] = now
                if held.update(**fields) == 0:
                    raise LeaseLost(f"job {self.job.pk} is no longer held")
                self.wake()
            schedule_poll(self.connection)
        self._copy_to_job(fields)
