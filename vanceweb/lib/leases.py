"""Leases: exclusive, temporary claims on rows of work, which expire if the process that holds them dies.

The queue only wakes workers; the row is authoritative. A worker claims a row by a conditional update that must change
exactly one row, extends the lease while it works, and filters all later writes by the lease's token: a worker that was
paused for too long notices at its next write. The sweeper wakes workers for rows that have become due (`wakeups.py`).
A process that has to stop sets `stopping` and gives its leases back, so that the next worker needn't wait for them.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, models
from django.db.models import F, Q
from django.utils import timezone

logger = logging.getLogger(__name__)

L = TypeVar("L", bound="LeasedModel")

# Each lost claim means that another worker took a row, so even many workers at once need few attempts.
CLAIM_ROUNDS = 20
# Set when this process has to stop: long work that sees it ends early, and gives its row back.
stopping = threading.Event()


class LeaseLost(Exception):
    """Another worker holds the row, or it was ended from outside: stop working on it."""


class ProcessStopping(Exception):
    """This process has to stop: give the row back (`Lease.give_back`)."""


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
    """The exclusive right to work on one row, valid for `duration` after the last extension.

    `undo` are the fields to write when the work is given back undone.
    """

    model: type[L]
    pk: int
    token: uuid.UUID
    duration: timedelta
    is_attempt: bool = True
    undo: Mapping[str, Any] = field(default_factory=dict)

    def write(self, **fields: Any) -> None:
        """Update the row's fields. Raises LeaseLost if this lease no longer holds the row."""
        if self._filter_held().update(**fields) != 1:
            raise self._describe_loss()

    def check(self) -> None:
        """Raise LeaseLost if this lease no longer holds the row. Writes nothing."""
        if not self._filter_held().exists():
            raise self._describe_loss()

    def extend(self) -> None:
        """Extend the lease to `duration` from now. Raises LeaseLost."""
        self.write(lease_until=timezone.now() + self.duration)

    def release(self, **fields: Any) -> None:
        """Update the row's fields and end the lease, in one query. Raises LeaseLost."""
        self.write(lease_until=None, lease_token=None, **fields)

    def give_back(self) -> None:
        """End the lease as if the row hadn't been claimed: it is due at once, and the attempt isn't counted.

        Raises LeaseLost.
        """
        fields = dict(self.undo)
        if self.is_attempt:
            fields["attempts"] = F("attempts") - 1
        self.release(not_before=timezone.now(), **fields)

    def _filter_held(self) -> models.QuerySet[L]:
        return self.model._default_manager.filter(pk=self.pk, lease_token=self.token)

    def _describe_loss(self) -> LeaseLost:
        return LeaseLost(f"{self.model.__name__} {self.pk} is no longer held")


def claim(
    queryset: models.QuerySet[L],
    *,
    pk: int,
    duration: timedelta,
    states: Collection[str] | None = None,
    is_attempt: bool = True,
    undo: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Lease[L] | None:
    """Claim the row `pk` if it is due, in one of `states` (None: any) and not leased, and set the `fields`.

    `is_attempt` is False for a turn that only polls a service: `attempts` doesn't count it. `undo` are the fields to
    write if the process has to stop during the work and gives the row back.
    Return None if another worker was faster, the row isn't due yet, or its state has changed.
    """
    now = timezone.now()
    token = uuid.uuid4()
    if is_attempt:
        fields["attempts"] = F("attempts") + 1
    due = filter_due(queryset, states, now=now).filter(pk=pk)
    claimed = due.update(lease_token=token, lease_until=now + duration, **fields)
    return Lease(queryset.model, pk, token, duration, is_attempt, undo or {}) if claimed == 1 else None


def claim_first(
    ordered: models.QuerySet[L], *, states: Collection[str] | None = None, **options: Any
) -> Lease[L] | None:
    """Claim the first of the `ordered` rows that is due. The `options` are those of `claim`.

    The claim checks the conditions of `ordered` again. If another worker is faster, choose again, at most CLAIM_ROUNDS
    times. Return None if no row is due.
    """
    for _ in range(CLAIM_ROUNDS):
        pk = filter_due(ordered, states).values_list("pk", flat=True).first()
        if pk is None:
            return None
        lease = claim(ordered.order_by(), pk=pk, states=states, **options)
        if lease is not None:
            return lease
    return None


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
    """A context manager that keeps extending a lease from its own thread, and notices when the lease is lost.

    It extends the lease every `every` seconds, and looks at it every LEASE_LOOK_SECONDS. Once the lease is lost, which
    includes that the work itself has released it, `lost` is set, and `on_lost` called in that thread. Long work checks
    `lost` between steps, and `on_lost` may interrupt a call that hangs. A database error costs one look or extension.
    """

    def __init__(self, lease: Lease[Any], *, every: float, on_lost: Callable[[], None] | None = None) -> None:
        self.lease = lease
        self.every = every
        self.on_lost = on_lost
        self.lost = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._extend_until_stopped, name=f"lease-{lease.pk}", daemon=True)

    def __enter__(self) -> Self:
        with _registering:
            _running.add(self)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _registering:
            _running.discard(self)
        self._stop.set()
        self._thread.join()

    def _extend_until_stopped(self) -> None:
        pause = min(self.every, settings.LEASE_LOOK_SECONDS)
        extended_at = time.monotonic()
        try:
            while not self._stop.wait(pause):
                with suppress_database_errors(f"the extension of {self._thread.name}"):
                    if time.monotonic() - extended_at < self.every:
                        self.lease.check()
                    else:
                        self.lease.extend()
                        extended_at = time.monotonic()
        except LeaseLost:
            self._report_loss()
        finally:
            # Nothing else closes this thread's database connection.
            connection.close()

    def _report_loss(self) -> None:
        self.lost.set()
        if self.on_lost is not None:
            try:
                self.on_lost()
            except Exception:
                logger.exception("The work on %s could not be interrupted", self._thread.name)


# The heartbeats of this process, one for each row that it works on.
_running: set[Heartbeat] = set()
_registering = threading.Lock()


def release_running_leases() -> int:
    """Give back all rows that this process works on, and return their number. It must exit right after.

    The work isn't interrupted: it loses its lease.
    """
    with _registering:
        leases = [heartbeat.lease for heartbeat in _running]
    released = 0
    for lease in leases:
        with suppress_database_errors(f"giving back {lease.model.__name__} {lease.pk}"), suppress(LeaseLost):
            lease.give_back()
            released += 1
    return released
