"""One worker's turn at one job: the row, the right to write it, and the service."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from vanceweb.client import VanceClient
from vanceweb.jobs.models import Job
from vanceweb.lib.leases import Lease
from vanceweb.vault.models import Connection

# Told of a job and of the moment at which a worker should look at it again.
Wake = Callable[[int, datetime], object]


@dataclass(frozen=True)
class Ending:
    """Why a job can't go on: the service's code, a sentence, and the state in which a retry may take it up again
    (empty: from the beginning)."""

    code: int | None
    sentence: str
    resume_state: str = ""


class JobEnds(Exception):
    """The job has failed for good."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.sentence)
        self.ending = ending


@dataclass(frozen=True)
class Hold:
    """A claimed job. Every write goes through the lease: one that was lost raises LeaseLost."""

    job: Job
    lease: Lease[Job]
    wake: Wake

    def write(self, **fields: Any) -> None:
        """Writes the fields to the row and to `job`."""
        self.lease.write(**fields)
        self._remember(fields)

    def pause(self, seconds: float, **fields: Any) -> datetime:
        """Gives the job back, to be looked at again after so many seconds. Returns that moment."""
        now = timezone.now()
        at = now + timedelta(seconds=seconds)
        fields |= {"not_before": at, "woken_at": now}
        with transaction.atomic():
            self.lease.release(**fields)
            self.wake(self.job.pk, at)
        self._remember(fields)
        return at

    def fail(self, ending: Ending) -> None:
        """Ends the job as failed."""
        fields = {
            "state": Job.State.FAILED,
            "resume_state": ending.resume_state,
            "error_code": ending.code,
            "error": ending.sentence,
            "finished_at": timezone.now(),
        }
        self.lease.release(**fields)
        self._remember(fields)

    def set_back(self, ending: Ending) -> datetime | None:
        """After something that may pass by itself: a pause that doubles each time, and in the end a failure."""
        setbacks = self.job.setbacks + 1
        if setbacks > settings.JOB_MAX_SETBACKS:
            self.fail(ending)
            return None
        seconds = min(settings.JOB_FIRST_PAUSE_SECONDS * 2 ** (setbacks - 1), settings.JOB_LONGEST_PAUSE_SECONDS)
        return self.pause(seconds, setbacks=setbacks, error=ending.sentence, error_code=ending.code)

    def _remember(self, fields: dict[str, Any]) -> None:
        for name, value in fields.items():
            setattr(self.job, name, value)


@dataclass(frozen=True)
class Run(Hold):
    """A claimed job and the service that does it."""

    connection: Connection
    client: VanceClient

    def move(self, state: str, **fields: Any) -> None:
        """On to the next phase; what went wrong on the way is forgotten."""
        self.write(state=state, setbacks=0, error="", error_code=None, **fields)

    @property
    def poll_seconds(self) -> float:
        """The pause between two looks at the service's progress."""
        return settings.JOB_POLL_SECONDS if self.connection.is_bundled else settings.JOB_POLL_SECONDS_REMOTE
