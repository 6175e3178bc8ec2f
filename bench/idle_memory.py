"""Memory of the idle site, started with `manage.py up` on an empty data folder.

`python -m bench.idle_memory` prints the megabytes of each process and their sum. A page shared by several processes
counts proportionally (PSS), so the sum is what the machine can't use otherwise.
"""

import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from bench.served_site import find_family, serve_site

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
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, serve_site(DATA_DIR=folder) as site:
        _request_pages(site.url)
        time.sleep(SETTLING_SECONDS)
        return [read_memory(pid) for pid in find_family(site.pid)]


def read_memory(pid: int) -> ProcessMemory:
    """Return the memory of the process `pid`."""
    process = Path("/proc", str(pid))
    rollup = (process / "smaps_rollup").read_text("ascii")
    size = int(rollup.split("\nPss:")[1].split()[0]) * 1024
    command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return ProcessMemory(command, size)


def _request_pages(url: str) -> None:
    for page in PAGES * REQUESTS:
        with urllib.request.urlopen(url + page) as response:  # noqa: S310 - our own server
            response.read()


if __name__ == "__main__":
    processes = measure_idle_site()
    for process in processes:
        print(f"{process.size / MEGABYTE:6.1f} MB  {process.command}")
    print(f"{sum(process.size for process in processes) / MEGABYTE:6.1f} MB  in {len(processes)} processes")
