"""One worker's turn at one job: the row, the right to write it, and the service."""

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

# Told of a job and of the moment at which a worker should look at it again.
WakeCallback = Callable[[int, datetime], object]


@dataclass(frozen=True)
class ClaimedJob:
    """A claimed job. Every write goes through the lease: one that was lost raises LeaseLost."""

    job: Job
    lease: Lease[Job]
    wake: WakeCallback

    def write(self, **fields: Any) -> None:
        """Writes the fields to the row and to `job`."""
        self.lease.write(**fields)
        self._copy_to_job(fields)

    def pause(self, seconds: float, **fields: Any) -> datetime:
        """Gives the job back, to be looked at again after so many seconds. Returns that moment."""
        now = timezone.now()
        at = now + timedelta(seconds=seconds)
        fields |= {"not_before": at, "woken_at": now}
        with transaction.atomic():
            self.lease.release(**fields)
            self.wake(self.job.pk, at)
        self._copy_to_job(fields)
        return at

    def fail(self, failure: Failure) -> None:
        """Ends the job as failed."""
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
        """After something that may pass by itself: a pause that doubles each time, and in the end a failure."""
        setbacks = self.job.setbacks + 1
        if setbacks > settings.JOB_MAX_SETBACKS:
            self.fail(failure)
            return None
        seconds = min(settings.JOB_FIRST_PAUSE_SECONDS * 2 ** (setbacks - 1), settings.JOB_LONGEST_PAUSE_SECONDS)
        return self.pause(seconds, setbacks=setbacks, error=failure.sentence, error_code=failure.code)

    def _copy_to_job(self, fields: dict[str, Any]) -> None:
        for name, value in fields.items():
            setattr(self.job, name, value)


@dataclass(frozen=True)
class JobRun(ClaimedJob):
    """A claimed job and the service that does it."""

    connection: Connection
    client: VanceClient

    def move_to(self, state: str, **fields: Any) -> None:
        """On to the next phase; what went wrong on the way is forgotten."""
        self.write(state=state, setbacks=0, error="", error_code=None, **fields)

    @property
    def poll_seconds(self) -> float:
        """The pause between two looks at the service's progress."""
        return settings.JOB_POLL_SECONDS if self.connection.is_bundled else settings.JOB_POLL_SECONDS_REMOTE
