"""The monitoring of a run: its progress is stored, and it is stopped when it has to be.

A run stops at its next report of progress, and a network on ONNX Runtime at its next node. Some native calls can't be
stopped at all: then the worker ends the run's row and its own process, and the supervisor starts another worker.
"""

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext

from vanceweb.engine.models import Transform
from vanceweb.engine.processing.inference.interruption import Interruption
from vanceweb.lib import leases
from vanceweb.lib.leases import Lease, LeaseLost, ProcessStopping, suppress_database_errors

logger = logging.getLogger(__name__)

# Between two looks for a reason to stop: people who cancel wait for it, and each look is one short query.
WATCH_SECONDS = 1.0
# From the request to stop until the worker is replaced. The longest steps between reports take about two seconds; with
# WATCH_SECONDS it is less than UP_STOP_SECONDS, after which the supervisor kills the worker.
STOP_GRACE_SECONDS = 5.0
# The exit code of a worker that has to be replaced: EX_TEMPFAIL of sysexits.h.
REPLACED_EXIT_CODE = 75


class RunStopped(Exception):
    """The run has to stop. `message` is the reason for the job's owner."""

    def __init__(self, state: Transform.State, message: str) -> None:
        super().__init__(message)
        self.state = state
        self.message = message


class RunMonitor:
    """The pipeline's progress callback: stores the percentage and stops the run if necessary.

    A call raises LeaseLost, ProcessStopping, or RunStopped if the job was cancelled or has run for too long. It
    accesses the database at most once per `ENGINE_PROGRESS_SECONDS`. A database error there doesn't end the run.
    `interruption` stops the run from another thread, with the same errors.
    """

    def __init__(self, lease: Lease[Transform], *, lost: Callable[[], bool]) -> None:
        self.lease = lease
        self.lost = lost
        self.interruption = Interruption()
        self.started = time.monotonic()
        self.last = float("-inf")

    def __call__(self, fraction: float) -> None:
        now = time.monotonic()
        if (reason := self.find_reason_to_stop()) is not None:
            raise reason
        if now - self.last < settings.ENGINE_PROGRESS_SECONDS:
            return
        self.last = now
        with suppress_database_errors(f"the progress report of transform {self.lease.pk}"):
            self.lease.write(percent=min(max(fraction, 0.0), 1.0) * 100)
            self.check_cancellation()

    def find_reason_to_stop(self) -> Exception | None:
        """Return the error with which the run has to stop, or None. This doesn't access the database."""
        if self.lost():
            return LeaseLost(f"transform {self.lease.pk} is no longer held")
        if leases.stopping.is_set():
            return ProcessStopping()
        if time.monotonic() - self.started > settings.ENGINE_MAX_RUN_SECONDS:
            return RunStopped(Transform.State.FAILED, gettext("The job took too long and was stopped."))
        return None

    def check_cancellation(self) -> None:
        """Raise RunStopped if the job was cancelled."""
        if Transform.objects.filter(pk=self.lease.pk, cancel_requested=True).exists():
            raise RunStopped(Transform.State.CANCELLED, gettext("The job was cancelled."))


def replace_worker() -> None:
    """End this process at once, whatever its other threads do. The supervisor starts another worker."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(REPLACED_EXIT_CODE)


class RunWatcher:
    """A context manager that looks for reasons to stop from its own thread, and stops the run in the block.

    If the block hasn't ended `STOP_GRACE_SECONDS` after that, `give_up` gets the reason and ends the run's row, and
    `replace` ends this process. That happens even if `give_up` fails: the lease expires then.
    """

    def __init__(
        self, monitor: RunMonitor, *, give_up: Callable[[Exception], None], replace: Callable[[], None]
    ) -> None:
        self._monitor = monitor
        self._give_up = give_up
        self._replace = replace
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._wait_and_stop, name=f"watch-{monitor.lease.pk}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        # A worker that is about to be replaced must not claim another row.
        self._thread.join()

    def _wait_and_stop(self) -> None:
        try:
            reason = self._wait_for_reason()
            if reason is None:
                return
            self._monitor.interruption.request(reason)
            if not self._ended.wait(STOP_GRACE_SECONDS):
                self._replace_worker(reason)
        finally:
            # Nothing else closes this thread's database connection.
            connection.close()

    def _wait_for_reason(self) -> Exception | None:
        """Return the first reason to stop, or None once the block has ended."""
        while not self._ended.wait(WATCH_SECONDS):
            if (reason := self._monitor.find_reason_to_stop()) is not None:
                return reason
            try:
                with suppress_database_errors(f"the look at transform {self._monitor.lease.pk}"):
                    self._monitor.check_cancellation()
            except RunStopped as stop:
                return stop
        return None

    def _replace_worker(self, reason: Exception) -> None:
        pk = self._monitor.lease.pk
        logger.error("transform %s can't be stopped (%r); this worker is replaced", pk, reason)
        try:
            self._give_up(reason)
        except Exception:
            logger.exception("transform %s keeps its lease until it expires", pk)
        if not self._ended.is_set():
            self._replace()
