"""Downloads by a package manager, with progress while it runs and one sentence if it fails."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

POLL_SECONDS = 0.2  # between two updates of the progress
LOG = "download.log"
# Messages in the logs of pip and npm, and a plainer reason for each.
REASONS = {
    "No module named pip": "this Python has no pip.",
    "connection broken": "the package index cannot be reached; check the network, then run the command again.",
    "Failed to establish": "the package index cannot be reached; check the network, then run the command again.",
    "ENOTFOUND": "the package index cannot be reached; check the network, then run the command again.",
    "ECONNREFUSED": "the package index cannot be reached; check the network, then run the command again.",
    "ETIMEDOUT": "the package index cannot be reached; check the network, then run the command again.",
    "No space left": "the disk is full.",
    "ENOSPC": "the disk is full.",
}
ERROR_MARKS = ("ERROR:", "npm error", "npm ERR!")


def run_download(
    command: Sequence[str],
    directory: Path,
    received: Callable[[int], None],
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run `command`, which fills `directory`, and call `received` with the number of bytes there.

    Return the reason if it fails, else "". The process never outlives this call.
    """
    log = directory / LOG
    # TMPDIR makes the growing file visible here and has it cleaned up.
    variables = {**os.environ, "TMPDIR": str(directory), **(environment or {})}
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603
            command, stdout=output, stderr=subprocess.STDOUT, env=variables, cwd=directory
        )
        try:
            while process.poll() is None:
                received(_count_bytes(directory))
                time.sleep(POLL_SECONDS)
        finally:
            process.kill()
            process.wait()
    return _find_reason(log) if process.returncode else ""


def _count_bytes(directory: Path) -> int:
    total = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            try:
                total += os.stat(os.path.join(folder, name)).st_size
            except FileNotFoundError:
                continue  # it was moved between the two calls
    return total


def _find_reason(log: Path) -> str:
    """Return the most informative sentence of the log."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    for sign, reason in REASONS.items():
        if any(sign in line for line in lines):
            return reason
    errors = [line.removeprefix(mark).strip() for mark in ERROR_MARKS for line in lines if line.startswith(mark)]
    errors = [line for line in errors if not line.startswith(("code ", "A complete log"))]
    return (errors or lines or ["no reason was given."])[-1]
