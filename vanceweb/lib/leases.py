"""Leases: exclusive, temporary claims on rows of work, which expire if the process that holds them dies.

The queue only wakes workers; the row is authoritative. A worker claims a row by a conditional update that must change
exactly one row, extends the lease while it works, and filters all later writes by the lease's token: a worker that was
paused for too long notices at its next write. The sweeper wakes workers for rows that have become due (`wakeups.py`).
"""

import logging
import threading
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from django.db import DatabaseError, InterfaceError, connection, models
from django.db.models import F, Q
from django.utils import timezone

logger = logging.getLogger(__name__)

L = TypeVar("L", bound="LeasedModel")


class LeaseLost(Exception):
    """Another worker holds the row, or it was ended from outside: stop working on it."""


class LeasedModel(models.Model):
    """A row of work. The inheriting model may define `state` and its choices."""

    # Claims of the row, without those of a turn that only polls a service.
    attempts = models.PositiveSmallIntegerField(default=0)
    # When the row is due; empty while it waits for an event. Nobody asks about it before.
    not_before = models.DateTimeField(null=True, blank=True, default=timezone.now, db_index=True)
    # When a worker was last woken for the row. The sweeper wakes one again only for rows that came due since, and after
    # a while for those whose message was lost.
    woken_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)

    class Meta:
        abstract = True


@dataclass(frozen=True)
class Lease(Generic[L]):
    """The exclusive right to work on one row, valid for `duration` after the last extension."""

    model: type[L]
    pk: int
    token: uuid.UUID
    duration: timedelta

    def write(self, **fields: Any) -> None:
        """Update the row's fields. Raises LeaseLost if this lease no longer holds the row."""
        held = self.model._default_manager.filter(pk=self.pk, lease_token=self.token)
        if held.update(**fields) != 1:
            raise LeaseLost(f"{self.model.__name__} {self.pk} is no longer held")

    def extend(self) -> None:
        """Extend the lease to `duration` from now. Raises LeaseLost."""
        self.write(lease_until=timezone.now() + self.duration)

    def release(self, **fields: Any) -> None:
        """Update the row's fields and end the lease, in one query. Raises LeaseLost."""
        self.write(lease_until=None, lease_token=None, **fields)


def claim(
    queryset: models.QuerySet[L],
    *,
    pk: int,
    duration: timedelta,
    states: Collection[str] | None = None,
    is_attempt: bool = True,
    **fields: Any,
) -> Lease[L] | None:
    """Claim the row `pk` if it is due, in one of `states` (None: any) and not leased, and set the `fields`.

    `is_attempt` is False for a turn that only polls a service: `attempts` doesn't count it.
    Return None if another worker was faster, the row isn't due yet, or its state has changed.
    """
    now = timezone.now()
    token = uuid.uuid4()
    if is_attempt:
        fields["attempts"] = F("attempts") + 1
    due = filter_due(queryset, states, now=now).filter(pk=pk)
    claimed = due.update(lease_token=token, lease_until=now + duration, **fields)
    return Lease(queryset.model, pk, token, duration) if claimed == 1 else None


def filter_due(
    queryset: models.QuerySet[L], states: Collection[str] | None = None, *, now: datetime | None = None
) -> models.QuerySet[L]:
    """Return the rows in `states` (None: any) that are due and not held by a valid lease."""
    now = now or timezone.now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    due = queryset.filter(free, not_before__lte=now)
    return due if states is None else due.filter(state__in=list(states))


@contextmanager
def suppress_database_errors(action: str) -> Iterator[None]:
    """Log a database error of the block instead of raising it, and start over with a new connection.

    For writes that are repeated anyway while the work goes on. The database may be locked, or its server restarted.
    """
    try:
        yield
    except (DatabaseError, InterfaceError) as error:
        logger.warning("%s failed and will be tried again: %s", action, error)
        if not connection.in_atomic_block:
            connection.close()


class Heartbeat:
    """A context manager that keeps extending a lease from its own thread.

    `lost` is set once the lease is lost; long-running work checks it between steps. A database error costs one
    extension: the next one follows after the same pause.
    """

    def __init__(self, lease: Lease[Any], *, every: float) -> None:
        self.lease = lease
        self.every = every
        self.lost = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._extend_until_stopped, name=f"lease-{lease.pk}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _extend_until_stopped(self) -> None:
        try:
            while not self._stop.wait(self.every):
                with suppress_database_errors(f"the extension of {self._thread.name}"):
                    self.lease.extend()
        except LeaseLost:
            self.lost.set()
        finally:
            # Nothing else closes this thread's database connection.
            connection.close()
