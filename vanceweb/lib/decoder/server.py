"""The decoder's parent process: it starts a child for each connection, and ends those that take too long.

It never reads what clients send, so nothing they send can block or crash it.
"""

import gc
import math
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from vanceweb.lib.decoder.child import serve_request
from vanceweb.lib.decoder.limits import DecoderLimits
from vanceweb.lib.decoder.protocol import DAMAGED, INTERRUPTED, TOO_LONG, Answer, ProtocolError, encode_answer

# Outcomes by the signal that ended the child. A crash is the picture's fault; any other signal isn't.
OUTCOMES_BY_SIGNAL = {
    signal.SIGXCPU: TOO_LONG,
    signal.SIGSEGV: DAMAGED,
    signal.SIGBUS: DAMAGED,
    signal.SIGFPE: DAMAGED,
    signal.SIGILL: DAMAGED,
    signal.SIGABRT: DAMAGED,
}
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
CHILD_FAILED = 1


@dataclass
class Job:
    """A child at work, with its client's connection and the time at which it is killed."""

    pid: int
    connection: socket.socket
    deadline: float
    is_killed: bool = False


class DecoderServer:
    """A server of at most `at_once` requests at a time; the others wait in the listener's queue."""

    def __init__(self, limits: DecoderLimits, *, at_once: int, listener: socket.socket | None = None) -> None:
        self._limits = limits
        self._at_once = at_once
        self._listener = listener
        self._jobs: dict[int, Job] = {}
        self._stopped = False
        self._woken, self._waker = socket.socketpair()

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT, or without a listener until all jobs have ended. Kill the children left."""
        self._handle_signals()
        # A child may have ended before its signal was handled.
        self._collect_children()
        # Objects that no child changes stay in shared pages.
        gc.freeze()
        try:
            while not self._stopped and (self._listener is not None or self._jobs):
                self._wait()
                self._kill_overdue()
                self._collect_children()
        finally:
            for job in self._jobs.values():
                _kill(job)

    def start_job(self, connection: socket.socket) -> None:
        """Start a child for the request on `connection`. If that fails, close it: the client tries again later."""
        sys.stderr.flush()
        try:
            pid = os.fork()
        except OSError as error:
            print(f"The decoder can't start a process: {error}", file=sys.stderr)  # noqa: T201 - the log
            connection.close()
            return
        if pid == 0:
            self._run_child(connection)
        self._jobs[pid] = Job(pid, connection, time.monotonic() + self._limits.wall_seconds)

    def _handle_signals(self) -> None:
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in STOP_SIGNALS:
            signal.signal(number, lambda *_: self._stop())

    def _stop(self) -> None:
        self._stopped = True

    def _wait(self) -> None:
        """Wait for the next event and handle it: a connection, a client that has gone, a signal, or a deadline."""
        handlers: dict[int, Callable[[], None]] = {self._woken.fileno(): self._clear_wakeups}
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        if self._listener is not None and len(self._jobs) < self._at_once:
            poll.register(self._listener, select.POLLIN)
            handlers[self._listener.fileno()] = self._take_connection
        for job in self._jobs.values():
            if not job.is_killed:
                # No events: only the hang-up is reported. The child reads the rest.
                poll.register(job.connection, 0)
                handlers[job.connection.fileno()] = partial(_kill, job)
        for descriptor, _event in poll.poll(self._compute_timeout()):
            handlers[descriptor]()

    def _compute_timeout(self) -> float | None:
        """Return the milliseconds until the next deadline."""
        next_deadline = min((job.deadline for job in self._jobs.values()), default=math.inf)
        return None if next_deadline == math.inf else max(0.0, next_deadline - time.monotonic()) * 1000

    def _clear_wakeups(self) -> None:
        with suppress(BlockingIOError):
            self._woken.recv(4096)

    def _take_connection(self) -> None:
        assert self._listener is not None  # noqa: S101 - for mypy: the handler is registered with a listener
        # The client may have gone, or a signal come.
        with suppress(OSError):
            connection, _address = self._listener.accept()
            connection.setblocking(True)
            self.start_job(connection)

    def _run_child(self, connection: socket.socket) -> None:
        """Serve the request in this new process, and end it."""
        code = CHILD_FAILED
        try:
            self._release_parents_resources()
            serve_request(connection, self._limits)
            code = 0
        except (ProtocolError, OSError):
            # The client sent garbage or has gone.
            pass
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(code)

    def _release_parents_resources(self) -> None:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, *STOP_SIGNALS):
            signal.signal(number, signal.SIG_DFL)
        for resource in (self._listener, self._woken, self._waker):
            if resource is not None:
                resource.close()
        for job in self._jobs.values():
            job.connection.close()

    def _collect_children(self) -> None:
        for job in list(self._jobs.values()):
            pid, status = os.waitpid(job.pid, os.WNOHANG)
            if pid:
                self._end_job(job, status)

    def _end_job(self, job: Job, status: int) -> None:
        """Close the connection. If a signal ended the child, answer in its place."""
        del self._jobs[job.pid]
        if os.WIFSIGNALED(status):
            outcome = OUTCOMES_BY_SIGNAL.get(signal.Signals(os.WTERMSIG(status)), INTERRUPTED)
            _send(job.connection, encode_answer(Answer(outcome)))
        job.connection.close()

    def _kill_overdue(self) -> None:
        now = time.monotonic()
        for job in self._jobs.values():
            if now >= job.deadline:
                _kill(job)


def _kill(job: Job) -> None:
    # The child wasn't waited for yet, so no other process has its number.
    os.kill(job.pid, signal.SIGKILL)
    job.is_killed = True
    job.deadline = math.inf


def _send(connection: socket.socket, content: bytes) -> None:
    """Send a short message without waiting. A client that has gone, or doesn't read, doesn't get it."""
    with suppress(OSError):
        connection.send(content, socket.MSG_DONTWAIT)
