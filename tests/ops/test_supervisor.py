"""The supervisor, on small real processes."""

import io
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from vanceweb.ops.printer import Printer
from vanceweb.ops.supervisor import Command, DidNotStart, Patience, Supervisor

QUICK = Patience(start=20, stop=1.0, first_restart=0.05, longest_restart=0.2, steady=60)
SLEEP = "import time; print('hello', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(condition: Callable[[], bool], seconds: float = 15) -> None:
    give_up_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up_at, "waited in vain"
        time.sleep(0.05)


class Watched:
    """A supervisor run in this thread; `script` is run in another one and may send this process signals."""

    def __init__(self, *commands: Command, patience: Patience = QUICK) -> None:
        self.output = io.StringIO()
        self.printer = Printer(self.output)
        self.supervisor = Supervisor(commands, self.printer, patience, os.environ)

    def run(self, script: Callable[[], None], *, is_ready: Callable[[], bool] = lambda: True) -> float:
        """Seconds from the end of `script`, which is followed by SIGTERM, to the end of the supervisor."""
        ended_at = []

        def play() -> None:
            try:
                script()
            finally:
                ended_at.append(time.monotonic())
                os.kill(os.getpid(), signal.SIGTERM)

        player = threading.Thread(target=play)
        self.supervisor.run(is_ready=is_ready, when_ready=player.start)
        player.join()
        self.printer.close(2)
        return time.monotonic() - ended_at[0]

    def pids(self) -> list[int]:
        return [child.process.pid for child in self.supervisor._children if child.process]


def test_sigterm_ends_every_child_and_prints_their_words_with_names():
    watched = Watched(Command("web", python(SLEEP)), Command("sweep", python(SLEEP)))
    pids: list[int] = []

    def script() -> None:
        wait_until(lambda: watched.output.getvalue().count("hello") == 2)
        pids.extend(watched.pids())

    seconds = watched.run(script)
    assert len(pids) == 2
    assert not any(alive(pid) for pid in pids)
    assert seconds < 5
    assert "web      | hello" in watched.output.getvalue()
    assert "sweep    | hello" in watched.output.getvalue()


def test_child_that_ignores_sigterm_is_killed_after_the_patience():
    watched = Watched(Command("deaf", python(STUBBORN)))
    pids: list[int] = []

    def script() -> None:
        wait_until(lambda: "hello" in watched.output.getvalue())
        pids.extend(watched.pids())

    assert 0.9 < watched.run(script) < 5
    assert not alive(pids[0])


def test_what_a_child_left_in_its_group_ends_with_it():
    code = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]).pid, flush=True)"
    watched = Watched(Command("parent", python(f"{code}; {SLEEP}")))
    watched.run(lambda: wait_until(lambda: watched.output.getvalue().count("hello") == 2))
    grandchild = int(next(word for word in watched.output.getvalue().split() if word.isdigit()))
    wait_until(lambda: not alive(grandchild), 2)


def test_killed_child_is_started_again():
    watched = Watched(Command("io-1", python(SLEEP)))
    pids: list[int] = []

    def script() -> None:
        wait_until(lambda: "hello" in watched.output.getvalue())
        pids.extend(watched.pids())
        os.kill(pids[0], signal.SIGKILL)
        wait_until(lambda: watched.output.getvalue().count("hello") == 2)
        pids.extend(watched.pids())

    watched.run(script)
    assert len(set(pids)) == 2
    assert "The io-1 process was ended by SIGKILL; it is started again in 0.05 s." in watched.output.getvalue()


def test_child_that_keeps_dying_is_started_ever_more_slowly():
    watched = Watched(Command("sweep", python("raise SystemExit(7)")))
    watched.run(lambda: wait_until(lambda: watched.output.getvalue().count("ended with code 7") == 4))
    waits = [line.rsplit(" ", 2)[1] for line in watched.output.getvalue().splitlines() if "ended with code 7" in line]
    assert waits[:4] == ["0.05", "0.1", "0.2", "0.2"]


def test_needed_process_that_dies_three_times_ends_the_start_with_a_sentence():
    watched = Watched(Command("web", python("raise SystemExit(3)"), needed=True), Command("io-1", python(SLEEP)))
    with pytest.raises(DidNotStart, match="The web process could not start"):
        watched.supervisor.run(is_ready=lambda: False, when_ready=lambda: None)
    assert not any(alive(pid) for pid in watched.pids())


def test_site_that_never_answers_ends_the_start_with_a_sentence():
    impatient = Patience(start=0.5, stop=1.0, first_restart=0.05, longest_restart=0.2, steady=60)
    watched = Watched(Command("web", python(SLEEP), needed=True), patience=impatient)
    with pytest.raises(DidNotStart, match="did not answer within"):
        watched.supervisor.run(is_ready=lambda: False, when_ready=lambda: None)
    assert not any(alive(pid) for pid in watched.pids())


def test_signal_handlers_are_given_back():
    before = signal.getsignal(signal.SIGTERM)
    Watched(Command("web", python(SLEEP))).run(lambda: None)
    assert signal.getsignal(signal.SIGTERM) is before


def test_children_die_with_a_supervisor_that_is_killed_with_9():
    code = textwrap.dedent(
        f"""
        import os, sys
        from vanceweb.ops.printer import Printer
        from vanceweb.ops.supervisor import Command, Patience, Supervisor
        child = [sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(600)"]
        Supervisor([Command("one", child), Command("two", child)], Printer(sys.stdout), {QUICK!r}, os.environ).run(
            is_ready=lambda: True, when_ready=lambda: None)
        """
    )
    with subprocess.Popen(python(code), stdout=subprocess.PIPE, text=True, env={**os.environ}) as process:
        assert process.stdout
        pids = [int(process.stdout.readline().split()[-1]) for _ in range(2)]
        assert all(alive(pid) for pid in pids)
        process.kill()
        process.wait()
        wait_until(lambda: not any(alive(pid) for pid in pids), 3)


def test_printer_does_not_block_when_nobody_reads():
    reading, writing = os.pipe()
    printer = Printer(os.fdopen(writing, "w"))
    begun = time.monotonic()
    for _ in range(30_000):
        printer.say("x" * 80)
    printer.close(0.2)
    assert time.monotonic() - begun < 5
    os.close(reading)  # lets the writing thread go


def test_printer_outlives_a_reader_that_went_away():
    reading, writing = os.pipe()
    stream = os.fdopen(writing, "w")
    os.close(reading)
    printer = Printer(stream)
    printer.say("one")
    printer.say("two")
    printer.close(1)
