"""Memory of the idle site, started with `manage.py up` on an empty data folder.

`python -m bench.idle_memory` prints the megabytes of each process and their sum. A page shared by several processes
counts proportionally (PSS), so the sum is what the machine can't use otherwise.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

SITE = Path(__file__).resolve().parent.parent
READY = "vanceweb is ready"
PAGES = ("/healthz", "/login/")
REQUESTS = 20  # for each page, so that every web process has answered some
SETTLING_SECONDS = 5.0  # several rounds of the sweeper and many queries of the workers
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class ProcessMemory:
    """A process, by its command line, and its proportional memory in bytes."""

    command: str
    size: int


def measure_idle_site() -> list[ProcessMemory]:
    """Start the site, request a few pages and return its processes' memory when it has settled."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        environment = {**os.environ, "DATA_DIR": folder, "HOST": "127.0.0.1", "PORT": "0", "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, str(SITE / "manage.py"), "up", "--with-parent"]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as site:
            try:
                _request_pages(_read_url(site))
                time.sleep(SETTLING_SECONDS)
                return read_memory(site.pid)
            finally:
                site.send_signal(signal.SIGTERM)


def read_memory(pid: int) -> list[ProcessMemory]:
    """Return the memory of the process `pid` and all its descendants."""
    process = Path("/proc", str(pid))
    children = " ".join(file.read_text("ascii") for file in process.glob("task/*/children")).split()
    rollup = (process / "smaps_rollup").read_text("ascii")
    size = int(rollup.split("\nPss:")[1].split()[0]) * 1024
    command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return [ProcessMemory(command, size), *(row for child in children for row in read_memory(int(child)))]


def _read_url(site: "subprocess.Popen[str]") -> str:
    """Return the site's address when it is ready. Raise RuntimeError if it ends first."""
    is_ready = False
    for line in site.stdout or ():
        is_ready = is_ready or READY in line
        if is_ready and "http://" in line:
            return "/".join(line.strip().split("/")[:3])
    raise RuntimeError("the site didn't start")


def _request_pages(url: str) -> None:
    for page in PAGES * REQUESTS:
        with urllib.request.urlopen(url + page) as response:  # noqa: S310 - our own server
            response.read()


if __name__ == "__main__":
    processes = measure_idle_site()
    for process in processes:
        print(f"{process.size / MEGABYTE:6.1f} MB  {process.command}")
    print(f"{sum(process.size for process in processes) / MEGABYTE:6.1f} MB  in {len(processes)} processes")
