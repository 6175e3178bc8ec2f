"""Claimed jobs: a job's row, the lease that allows one worker to write it, and the service that runs it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from vanceweb.client import VanceClient
from vanceweb.jobs.failures import Failure
from vanceweb.jobs.models import Job
from vanceweb.lib.leases import Lease
from vanceweb.vault.models import Connection

# Called with a job's id and the time at which a worker should advance it next.
WakeCallback = Callable[[int, datetime], object]

# The contract's "about every 2 s" for services on the network.
REMOTE_POLL_SECONDS = 2.0
# Pauses after temporary failures double from the first to the longest, up to JOB_MAX_SETBACKS in a row.
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 120.0
# When a row is overdue by this much, its message counts as lost and is sent again.
REWAKE_SECONDS = 10


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

    def pause(self, seconds: float, **fields: Any) -> datetime:
        """Write the fields, release the job and schedule it to continue after `seconds`. Return that time."""
        now = timezone.now()
        at = now + timedelta(seconds=seconds)
        fields |= {"not_before": at, "woken_at": now}
        with transaction.atomic():
            self.lease.release(**fields)
            self.wake(self.job.pk, at)
        self._copy_to_job(fields)
        return at

    def fail(self, failure: Failure) -> None:
        """End the job as failed."""
        fields = {
            "state": Job.State.FAILED,
            "resume_state": failure.resume_state,
            "error_code": failure.code,
            "error": failure.sentence,
            "finished_at": timezone.now(),
        }
        self.lease.release(**fields)
        self._copy_to_job(fields)

    def back_off(self, failure: Failure) -> datetime | None:
        """Pause after a transient error, or end the job if it has had too many in a row.

        The pause doubles each time. Return the time of the next attempt, or None if the job has failed.
        """
        setbacks = self.job.setbacks + 1
        if setbacks > settings.JOB_MAX_SETBACKS:
            self.fail(failure)
            return None
        seconds = min(FIRST_PAUSE_SECONDS * 2 ** (setbacks - 1), LONGEST_PAUSE_SECONDS)
        return self.pause(seconds, setbacks=setbacks, error=failure.sentence, error_code=failure.code)

    def _copy_to_job(self, fields: dict[str, Any]) -> None:
        for name, value in fields.items():
            setattr(self.job, name, value)


@dataclass(frozen=True)
class JobRun(ClaimedJob):
    """A claimed job with its connection and a client for the service."""

    connection: Connection
    client: VanceClient

    def move_to(self, state: str, **fields: Any) -> None:
        """Set the job's next state and clear its errors."""
        self.write(state=state, setbacks=0, error="", error_code=None, **fields)

    @property
    def poll_seconds(self) -> float:
        """The seconds between two requests for the progress."""
        return settings.JOB_POLL_SECONDS if self.connection.is_bundled else REMOTE_POLL_SECONDS
