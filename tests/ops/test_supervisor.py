"""The supervisor with small real processes."""

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

from vanceweb.ops.output_writer import OutputWriter
from vanceweb.ops.supervisor import DidNotStart, ProcessCommand, Supervisor, SupervisorTimeouts

QUICK = SupervisorTimeouts(startup=20, shutdown=1.0, first_restart=0.05, longest_restart=0.2, steady=60)
SLEEP = "import time; print('hello', flush=True); time.sleep(600)"
IGNORES_SIGTERM = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"


def build_python_command(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.05)


class WatchedSupervisor:
    """A supervisor in this thread; `script` runs in another thread and may send signals to this process."""

    def __init__(self, *commands: ProcessCommand, timeouts: SupervisorTimeouts = QUICK) -> None:
        self.output = io.StringIO()
        self.output_writer = OutputWriter(self.output)
        self.supervisor = Supervisor(commands, self.output_writer, timeouts, os.environ)

    def run(self, script: Callable[[], None], *, is_ready: Callable[[], bool] = lambda: True) -> float:
        """Return the seconds from the SIGTERM that follows `script` to the end of the supervisor."""
        ended_at = []

        def run_script() -> None:
            try:
                script()
            finally:
                ended_at.append(time.monotonic())
                os.kill(os.getpid(), signal.SIGTERM)

        script_thread = threading.Thread(target=run_script)
        self.supervisor.run(is_ready=is_ready, on_ready=script_thread.start)
        script_thread.join()
        self.output_writer.close(2)
        return time.monotonic() - ended_at[0]

    def get_pids(self) -> list[int]:
        return [child.process.pid for child in self.supervisor._children if child.process]


def test_sigterm_ends_every_child_and_their_output_is_prefixed_with_names():
    watched = WatchedSupervisor(
        ProcessCommand("web", build_python_command(SLEEP)), ProcessCommand("sweep", build_python_command(SLEEP))
    )
    pids: list[int] = []

    def script() -> None:
        wait_until(lambda: watched.output.getvalue().count("hello") == 2)
        pids.extend(watched.get_pids())

    seconds = watched.run(script)
    assert len(pids) == 2
    assert not any(is_alive(pid) for pid in pids)
    assert seconds < 5
    assert "web      | hello" in watched.output.getvalue()
    assert "sweep    | hello" in watched.output.getvalue()


def test_child_that_ignores_sigterm_is_killed_after_the_timeout():
    watched = WatchedSupervisor(ProcessCommand("deaf", build_python_command(IGNORES_SIGTERM)))
    pids: list[int] = []

    def script() -> None:
        wait_until(lambda: "hello" in watched.output.getvalue())
        pids.extend(watched.get_pids())

    assert 0.9 < watched.run(script) < 5
    assert not is_alive(pids[0])


def test_descendants_in_the_group_of_a_child_end_with_it():
    code = (
        f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {IGNORES_SIGTERM!r}]).pid, flush=True)"
    )
    watched = WatchedSupervisor(ProcessCommand("parent", build_python_command(f"{code}; {SLEEP}")))
    watched.run(lambda: wait_until(lambda: watched.output.getvalue().count("hello") == 2))
    grandchild = int(next(word for word in watched.output.getvalue().split() if word.isdigit()))
    wait_until(lambda: not is_alive(grandchild), 2)


def test_killed_child_is_restarted():
    watched = WatchedSupervisor(ProcessCommand("io-1", build_python_command(SLEEP)))
    pids: list[int] = []

    def script() -> None:
        wait_until(lambda: "hello" in watched.output.getvalue())
        pids.extend(watched.get_pids())
        os.kill(pids[0], signal.SIGKILL)
        wait_until(lambda: watched.output.getvalue().count("hello") == 2)
        pids.extend(watched.get_pids())

    watched.run(script)
    assert len(set(pids)) == 2
    assert "The io-1 process was killed by SIGKILL; restarting it in 0.05 s." in watched.output.getvalue()


def test_child_that_keeps_dying_is_restarted_after_growing_delays():
    watched = WatchedSupervisor(ProcessCommand("sweep", build_python_command("raise SystemExit(7)")))
    watched.run(lambda: wait_until(lambda: watched.output.getvalue().count("exited with code 7") == 4))
    waits = [line.rsplit(" ", 2)[1] for line in watched.output.getvalue().splitlines() if "exited with code 7" in line]
    assert waits[:4] == ["0.05", "0.1", "0.2", "0.2"]


def test_required_process_that_dies_three_times_ends_the_start_with_a_sentence():
    watched = WatchedSupervisor(
        ProcessCommand("web", build_python_command("raise SystemExit(3)"), required=True),
        ProcessCommand("io-1", build_python_command(SLEEP)),
    )
    with pytest.raises(DidNotStart, match="The web process could not start"):
        watched.supervisor.run(is_ready=lambda: False, on_ready=lambda: None)
    assert not any(is_alive(pid) for pid in watched.get_pids())


def test_site_that_never_answers_ends_the_start_with_a_sentence():
    impatient = SupervisorTimeouts(startup=0.5, shutdown=1.0, first_restart=0.05, longest_restart=0.2, steady=60)
    watched = WatchedSupervisor(ProcessCommand("web", build_python_command(SLEEP), required=True), timeouts=impatient)
    with pytest.raises(DidNotStart, match="did not answer within"):
        watched.supervisor.run(is_ready=lambda: False, on_ready=lambda: None)
    assert not any(is_alive(pid) for pid in watched.get_pids())


def test_signal_handlers_are_restored():
    before = signal.getsignal(signal.SIGTERM)
    WatchedSupervisor(ProcessCommand("web", build_python_command(SLEEP))).run(lambda: None)
    assert signal.getsignal(signal.SIGTERM) is before


def test_children_die_with_a_supervisor_that_is_killed_with_9():
    code = textwrap.dedent(
        f"""
        import os, sys
        from vanceweb.ops.output_writer import OutputWriter
        from vanceweb.ops.supervisor import ProcessCommand, Supervisor, SupervisorTimeouts
        child = [sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(600)"]
        commands = [ProcessCommand("one", child), ProcessCommand("two", child)]
        supervisor = Supervisor(commands, OutputWriter(sys.stdout), {QUICK!r}, os.environ)
        supervisor.run(is_ready=lambda: True, on_ready=lambda: None)
        """
    )
    with subprocess.Popen(build_python_command(code), stdout=subprocess.PIPE, text=True, env={**os.environ}) as process:
        assert process.stdout
        pids = [int(process.stdout.readline().split()[-1]) for _ in range(2)]
        assert all(is_alive(pid) for pid in pids)
        process.kill()
        process.wait()
        wait_until(lambda: not any(is_alive(pid) for pid in pids), 3)


def test_writer_does_not_block_when_nobody_reads():
    reading, writing = os.pipe()
    writer = OutputWriter(os.fdopen(writing, "w"))
    started = time.monotonic()
    for _ in range(30_000):
        writer.write_line("x" * 80)
    writer.close(0.2)
    assert time.monotonic() - started < 5
    os.close(reading)  # lets the writing thread go


def test_writer_survives_a_reader_that_has_gone():
    reading, writing = os.pipe()
    stream = os.fdopen(writing, "w")
    os.close(reading)
    writer = OutputWriter(stream)
    writer.write_line("one")
    writer.write_line("two")
    writer.close(1)
