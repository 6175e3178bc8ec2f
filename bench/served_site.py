"""A served site for the bench: `manage.py up` in processes of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SITE = Path(__file__).resolve().parent.parent
READY = "vanceweb is ready"


@dataclass(frozen=True)
class ServedSite:
    """A running site: the process id of its supervisor and its address."""

    pid: int
    url: str

    def read_processor_seconds(self) -> float:
        """Return the processor time that all its processes have used, in seconds."""
        ticks = 0
        for pid in find_family(self.pid):
            # The command's name may contain spaces; the numbers follow its closing bracket.
            fields = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def serve_site(**environment: str) -> Iterator[ServedSite]:
    """Serve the site on a free port during the block, which begins when the site is ready."""
    command = [sys.executable, str(SITE / "manage.py"), "up", "--with-parent"]
    variables = {**os.environ, "HOST": "127.0.0.1", "PORT": "0", "PYTHONUNBUFFERED": "1", **environment}
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield ServedSite(process.pid, _read_url(process))
        finally:
            process.send_signal(signal.SIGTERM)


def find_family(pid: int) -> list[int]:
    """Return the ids of the process `pid` and of all its descendants."""
    files = Path("/proc", str(pid)).glob("task/*/children")
    children = [int(child) for file in files for child in file.read_text("ascii").split()]
    return [pid, *(member for child in children for member in find_family(child))]


def _read_url(process: "subprocess.Popen[str]") -> str:
    """Return the site's address when it is ready. Raise RuntimeError if it ends first."""
    is_ready = False
    for line in process.stdout or ():
        is_ready = is_ready or READY in line
        if is_ready and "http://" in line:
            return "/".join(line.strip().split("/")[:3])
    raise RuntimeError("the site didn't start")
