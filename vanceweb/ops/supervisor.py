"""Keeps a set of processes running, and ends them all together. Knows nothing of Django."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vanceweb.ops.printer import Printer

TICK_SECONDS = 0.1
TIED = Path(__file__).with_name("tied.py")


class DidNotStart(Exception):
    """The processes did not come up; the sentence says which and why."""


@dataclass(frozen=True)
class Patience:
    """How long the supervisor waits for what, in seconds."""

    start: float  # from the first start until everything answers
    stop: float  # from SIGTERM until SIGKILL
    first_restart: float  # before a process that died is started again; doubled each time
    longest_restart: float
    steady: float  # a process that ran this long counts as healthy again


@dataclass(frozen=True)
class Command:
    """One process to keep: what it is called in the log, and its command line. `needed`: no start without it."""

    name: str
    arguments: Sequence[str]
    needed: bool = False
    pass_fds: tuple[int, ...] = ()


@dataclass
class Child:
    """A kept process between its starts."""

    command: Command
    process: subprocess.Popen[str] | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    deaths: int = 0


@dataclass
class Supervisor:
    """Runs `commands` until a signal comes.

    Children get a process group of their own, so that Ctrl-C reaches the supervisor alone, and are tied to its life
    (`tied.py`). They are started from the thread that calls `run`, which must be the main thread.
    """

    commands: Sequence[Command]
    printer: Printer
    patience: Patience
    environment: Mapping[str, str]
    _children: list[Child] = field(init=False)
    _signals: list[int] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self._children = [Child(command) for command in self.commands]

    def run(self, *, is_ready: Callable[[], bool], when_ready: Callable[[], None]) -> None:
        """Starts everything, calls `when_ready` once `is_ready` says so, and returns after everything has ended.

        `is_ready` may take a second, no longer. Raises DidNotStart when `patience.start` passes before that, or a
        needed process dies three times; everything has ended then too.
        """
        earlier = {
            number: signal.signal(number, self._note) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        }
        try:
            self._come_up(is_ready)
            if not self._signals:
                when_ready()
            while not self._signals:
                self._tend()
                time.sleep(TICK_SECONDS)
        finally:
            self._end_all()
            for number, handler in earlier.items():
                signal.signal(number, handler)

    def _note(self, number: int, frame: object) -> None:
        self._signals.append(number)

    def _come_up(self, is_ready: Callable[[], bool]) -> None:
        give_up_at = time.monotonic() + self.patience.start
        while not self._signals:
            self._tend()
            for child in self._children:
                if child.command.needed and child.deaths >= 3:
                    raise DidNotStart(f"The {child.command.name} process could not start; its words are above.")
            if is_ready():
                return
            if time.monotonic() > give_up_at:
                raise DidNotStart(f"The site did not answer within {self.patience.start:.0f} seconds.")
            time.sleep(TICK_SECONDS)

    def _tend(self) -> None:
        """Starts what isn't running and is due, and notes what has died."""
        now = time.monotonic()
        for child in self._children:
            if child.process is None:
                if now >= child.start_again_at:
                    self._start(child)
            elif (code := child.process.poll()) is not None:
                self._note_death(child, code, now)

    def _start(self, child: Child) -> None:
        child.process = subprocess.Popen(  # noqa: S603 - our own command lines
            [sys.executable, "-I", "-S", str(TIED), str(os.getpid()), *child.command.arguments],
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
        assert child.process.stdout is not None  # noqa: S101 - asked for three lines above
        self.printer.follow(child.process.stdout, child.command.name)

    def _note_death(self, child: Child, code: int, now: float) -> None:
        if now - child.started_at >= self.patience.steady:
            child.deaths = 0
        wait = min(self.patience.first_restart * 2**child.deaths, self.patience.longest_restart)
        child.deaths += 1
        child.process = None
        child.start_again_at = now + wait
        self.printer.say(f"The {child.command.name} process {how_ended(code)}; it is started again in {wait:g} s.")

    def _end_all(self) -> None:
        """SIGTERM to all, SIGKILL to what is left after `patience.stop` or at a second signal."""
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            process.terminate()
        kill_at = time.monotonic() + self.patience.stop
        asked = len(self._signals)
        while any(process.poll() is None for process in running):
            if time.monotonic() > kill_at or len(self._signals) > asked:
                for process in running:
                    kill_group(process)
            time.sleep(TICK_SECONDS / 2)
        # What a process left of its group when it ended by itself.
        for process in running:
            kill_group(process)


def kill_group(process: subprocess.Popen[str]) -> None:
    """SIGKILL to the process and to everything it has started that stayed in its group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def how_ended(code: int) -> str:
    """`code` is the return code as subprocess gives it: negative for a signal."""
    return f"ended with code {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}"
