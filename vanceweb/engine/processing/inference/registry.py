"""The networks of one worker: found, chosen, loaded when first asked for, and kept within bounds."""

import importlib.util
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar

from vanceweb.engine.processing.errors import UnusableWeights, WeightsMissing
from vanceweb.engine.processing.inference.backends import Backend, Run, Slot
from vanceweb.engine.processing.inference.ncnn_networks import NcnnNetwork
from vanceweb.engine.processing.inference.sessions import NcnnMemory, NcnnSession, OnnxSession, TfliteSession

logger = logging.getLogger(__name__)

SHIPPED = Path(__file__).parents[2] / "weights" / "shipped"  # networks that this repository holds
LARGE = 24 * 1024 * 1024  # bytes of weights from which a network counts as large: its working memory is in the hundreds

Session = TypeVar("Session")
Stamp = tuple[tuple[Path, int, int], ...]  # path, size and modification time of each file


@dataclass(frozen=True)
class State:
    """How things stand with a backend: usable, or why not."""

    backend: Backend[Any]
    usable: bool
    reason: str = ""


class NetworkRegistry:
    """Loads networks when they are first asked for. One per worker; may be used by several threads."""

    def __init__(self, directory: Path, threads: int = 0, large_at_once: int = 1) -> None:
        """`threads` 0: one for each processor this process may use. `large_at_once`: large networks kept loaded."""
        self._directory = directory
        self._threads = threads or len(os.sched_getaffinity(0))
        self._large_at_once = max(large_at_once, 1)
        self._memory = NcnnMemory()
        self._sessions: dict[str, Any] = {}
        self._large: list[str] = []  # keys of sessions, the last used one last
        self._states: dict[str, tuple[Stamp, State]] = {}
        self._lock = RLock()

    def load_ncnn(self, network: NcnnNetwork) -> NcnnSession:
        """Return a session of an ncnn network. Raises `WeightsMissing`."""
        param, weights = (self._existing(f"{network.path}.{end}") for end in ("param", "bin"))
        large = weights.stat().st_size >= LARGE
        return self._loaded(
            network.path, large, lambda: NcnnSession(network, param, weights, self._threads, self._memory)
        )

    def load_onnx(self, backend: Backend[Any]) -> OnnxSession:
        """The network of a backend that `choose` gave. Raises `WeightsMissing` and `UnusableWeights`."""
        path, interface = self._existing(backend.files[0]), backend.interface
        if interface is None:
            raise TypeError(f"{backend.name} is not an ONNX network")
        large = path.stat().st_size >= LARGE
        return self._loaded(str(self._stamp(backend)), large, lambda: OnnxSession(path, self._threads, interface))

    def load_tflite(self, file: str) -> TfliteSession:
        """The TensorFlow Lite network in `file`. Raises `WeightsMissing` and `UnusableWeights`."""
        path = self._existing(file)
        return self._loaded(file, path.stat().st_size >= LARGE, lambda: TfliteSession(path))

    def load_folders(self, files: Sequence[str], load: Callable[[Sequence[Path], int], Session]) -> Session:
        """What `load` makes, with so many threads, of folders of weights; it counts as one large network.

        Raises `WeightsMissing` and what `load` does.
        """
        paths = [self._existing(file) for file in files]
        key = str([(path, path.stat().st_mtime_ns) for path in paths])
        return self._loaded(key, True, lambda: load(paths, self._threads))

    def choose(self, slot: Slot[Run]) -> Backend[Run]:
        """The preferred backend of those that can be used now. Raises `WeightsMissing`."""
        states = []
        for backend in slot.backends:
            state = self.get_state(backend)
            if state.usable:
                return backend
            states.append(state)
        raise WeightsMissing(states[-1].reason)

    def get_state(self, backend: Backend[Any]) -> State:
        """Whether the backend can be used, looked at again only when its files have changed."""
        stamp = self._stamp(backend)
        known = self._states.get(backend.name)
        if known is None or known[0] != stamp:
            if known is not None:
                self._sessions.pop(str(known[0]), None)
            known = stamp, self._examined(backend)
            self._states[backend.name] = known
        return known[1]

    def find(self, file: str) -> Path | None:
        """Where the file of weights is: in the models directory or among those that the repository holds."""
        return next((path for folder in (self._directory, SHIPPED) if (path := folder / file).exists()), None)

    def unload(self) -> None:
        """Let go of all networks; what was found out about their files is kept."""
        with self._lock:
            self._sessions.clear()
            self._large.clear()
        self._memory.release()

    def release_memory(self) -> None:
        """Give the working memory of the last picture back; the networks stay loaded."""
        self._memory.release()

    def _examined(self, backend: Backend[Any]) -> State:
        try:
            for file in backend.files:
                self._existing(file)
            _check_packages(backend)
            if backend.interface is not None:
                self.load_onnx(backend)
        except WeightsMissing as error:
            return State(backend, usable=False, reason=str(error))
        except UnusableWeights as error:
            reason = f"{backend.files[0]} cannot be used: {error}."
            logger.warning(reason)
            return State(backend, usable=False, reason=reason)
        return State(backend, usable=True)

    def _loaded(self, key: str, large: bool, load: Callable[[], Session]) -> Session:
        with self._lock:
            if large:
                self._large = [*(other for other in self._large if other != key), key]
                while len(self._large) > self._large_at_once:  # first, so that not even for a moment there are more
                    self._sessions.pop(self._large.pop(0), None)
            if key not in self._sessions:
                self._sessions[key] = load()
            session: Session = self._sessions[key]
            return session

    def _stamp(self, backend: Backend[Any]) -> Stamp:
        found = [path for file in backend.files if (path := self.find(file)) is not None]
        return tuple((path, status.st_size, status.st_mtime_ns) for path in found for status in [path.stat()])

    def _existing(self, file: str) -> Path:
        path = self.find(file)
        if path is None:
            raise WeightsMissing(f"The model weights {file} are not installed; run: manage.py install_models")
        return path


def _check_packages(backend: Backend[Any]) -> None:
    missing = [package for package in backend.packages if importlib.util.find_spec(package) is None]
    if missing:
        raise UnusableWeights(f"{', '.join(missing)} must be installed: pip install -r {backend.requirements}")
