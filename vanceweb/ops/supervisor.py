"""A supervisor that keeps a set of processes running and ends them together. It doesn't depend on Django."""

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vanceweb.ops.output_writer import OutputWriter

TICK_SECONDS = 0.1
PARENT_DEATH_PROGRAM = Path(__file__).with_name("parent_death.py")


class DidNotStart(Exception):
    """The processes did not start; the message names the process and the reason."""


@dataclass(frozen=True)
class SupervisorTimeouts:
    """The supervisor's timeouts, in seconds."""

    startup: float  # from the first start until the site answers
    shutdown: float  # from SIGTERM until SIGKILL
    first_restart: float  # before a dead process is restarted; doubled each time
    longest_restart: float
    steady: float  # a process that has run this long counts as healthy again


@dataclass(frozen=True)
class ProcessCommand:
    """The command line of a process and its name in the log.

    The site doesn't start without a `required` process. One that works `until_done` isn't restarted after a success.
    """

    name: str
    arguments: Sequence[str]
    required: bool = False
    until_done: bool = False
    pass_fds: tuple[int, ...] = ()


@dataclass
class Child:
    """The state of one supervised process across its restarts."""

    command: ProcessCommand
    process: subprocess.Popen[str] | None = None
    started_at: float = 0.0
    restart_at: float = 0.0
    deaths: int = 0


@dataclass
class Supervisor:
    """A runner of `commands` until a signal comes.

    Children get a process group of their own, so that Ctrl-C reaches only the supervisor, and die with it
    (`parent_death.py`). The thread that calls `run` starts them; it must be the main thread.
    """

    commands: Sequence[ProcessCommand]
    output: OutputWriter
    timeouts: SupervisorTimeouts
    environment: Mapping[str, str]
    _children: list[Child] = field(init=False)
    _signals: list[int] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self._children = [Child(command) for command in self.commands]

    def run(self, *, is_ready: Callable[[], bool], on_ready: Callable[[], None]) -> None:
        """Start all processes, call `on_ready` once `is_ready` is true, and return after all processes have ended.

        `is_ready` may take at most a second. Raise DidNotStart, after all processes have ended, when
        `timeouts.startup` passes first or a required process dies three times.
        """
        previous_handlers = {
            number: signal.signal(number, self._record_signal)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        }
        try:
            self._wait_until_ready(is_ready)
            if not self._signals:
                on_ready()
            while not self._signals:
                self._check_children()
                time.sleep(TICK_SECONDS)
        finally:
            self._stop_all()
            for number, handler in previous_handlers.items():
                signal.signal(number, handler)

    def _record_signal(self, number: int, frame: object) -> None:
        self._signals.append(number)

    def _wait_until_ready(self, is_ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + self.timeouts.startup
        while not self._signals:
            self._check_children()
            for child in self._children:
                if child.command.required and child.deaths >= 3:
                    raise DidNotStart(f"The {child.command.name} process could not start; see its output above.")
            if is_ready():
                return
            if time.monotonic() > deadline:
                raise DidNotStart(f"The site did not answer within {self.timeouts.startup:.0f} seconds.")
            time.sleep(TICK_SECONDS)

    def _check_children(self) -> None:
        """Start the processes that are due and schedule restarts of those that have died."""
        now = time.monotonic()
        for child in self._children:
            if child.process is None:
                if now >= child.restart_at:
                    self._start(child)
            elif (code := child.process.poll()) is not None:
                self._schedule_restart(child, code, now)

    def _start(self, child: Child) -> None:
        child.process = subprocess.Popen(  # noqa: S603 - our own command lines
            [sys.executable, "-I", "-S", str(PARENT_DEATH_PROGRAM), str(os.getpid()), *child.command.arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=dict(self.environment),
            pass_fds=child.command.pass_fds,
            process_group=0,
        )
        child.started_at = time.monotonic()
        assert child.process.stdout is not None  # noqa: S101 - for mypy: stdout is a pipe
        self.output.forward(child.process.stdout, child.command.name)

    def _schedule_restart(self, child: Child, code: int, now: float) -> None:
        if code == 0 and child.command.until_done:
            child.process, child.restart_at = None, math.inf
            return
        if now - child.started_at >= self.timeouts.steady:
            child.deaths = 0
        wait = min(self.timeouts.first_restart * 2**child.deaths, self.timeouts.longest_restart)
        child.deaths += 1
        child.process = None
        child.restart_at = now + wait
        self.output.write_line(f"The {child.command.name} process {describe_exit(code)}; restarting it in {wait:g} s.")

    def _stop_all(self) -> None:
        """Send SIGTERM to all processes, and SIGKILL after `timeouts.shutdown` or at a second signal."""
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + self.timeouts.shutdown
        signals_before = len(self._signals)
        while any(process.poll() is None for process in running):
            if time.monotonic() > deadline or len(self._signals) > signals_before:
                for process in running:
                    kill_group(process)
            time.sleep(TICK_SECONDS / 2)
        # Processes that ended by themselves may have left others in their group.
        for process in running:
            kill_group(process)


def kill_group(process: subprocess.Popen[str]) -> None:
    """Send SIGKILL to the process and to all its descendants that stayed in its group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def describe_exit(code: int) -> str:
    """Return a phrase for the subprocess return code `code`, which is negative for a signal."""
    return f"exited with code {code}" if code >= 0 else f"was killed by {signal.Signals(-code).name}"
