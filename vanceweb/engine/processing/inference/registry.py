"""The networks of one worker: found, chosen, loaded on first use and limited in memory."""

import copy
import importlib.util
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any, Self, TypeVar

from vanceweb.engine.processing.errors import UnusableWeights, WeightsMissing
from vanceweb.engine.processing.inference.backends import Backend, Run, Slot
from vanceweb.engine.processing.inference.interruption import Interruption
from vanceweb.engine.processing.inference.ncnn_networks import NcnnNetwork
from vanceweb.engine.processing.inference.sessions import (
    InterruptibleSession,
    NcnnMemory,
    NcnnSession,
    OnnxSession,
    TfliteSession,
)

logger = logging.getLogger(__name__)

SHIPPED_FOLDER = Path(__file__).parents[2] / "weights" / "shipped"  # networks in this repository
LARGE_NETWORK_SIZE = 24 * 1024 * 1024  # bytes of weights; a network of this size works in hundreds of MB

Session = TypeVar("Session")
Network = TypeVar("Network", bound=InterruptibleSession)
FileStamps = tuple[tuple[Path, int, int], ...]  # path, size and modification time of each file


@dataclass(frozen=True)
class Usability:
    """The usability of a backend and, if it cannot be used, the reason."""

    backend: Backend[Any]
    usable: bool
    reason: str = ""


class NetworkRegistry:
    """Networks that are loaded on first use. A worker has one registry, which several threads may use."""

    def __init__(self, directory: Path, threads: int = 0, large_at_once: int = 1) -> None:
        """Keep at most `large_at_once` large networks loaded. `threads` 0: one for each processor available."""
        self._directory = directory
        self._threads = threads or len(os.sched_getaffinity(0))
        self._large_at_once = max(large_at_once, 1)
        self._memory = NcnnMemory()
        self._sessions: dict[str, Any] = {}
        self._large: list[str] = []  # keys of sessions, most recently used last
        self._usabilities: dict[str, tuple[FileStamps, Usability]] = {}
        self._lock = RLock()
        self._interruption: Interruption | None = None

    def make_interruptible(self, interruption: Interruption) -> Self:
        """Return a registry of the same networks for one run, which this interruption ends."""
        bound = copy.copy(self)
        bound._interruption = interruption
        return bound

    def load_ncnn(self, network: NcnnNetwork) -> NcnnSession:
        """Return a session of an ncnn network. Raises `WeightsMissing`."""
        param, weights = (self._require_file(f"{network.path}.{end}") for end in ("param", "bin"))
        large = weights.stat().st_size >= LARGE_NETWORK_SIZE
        return self._make_stoppable(
            self._load_once(
                network.path, large, lambda: NcnnSession(network, param, weights, self._threads, self._memory)
            )
        )

    def load_onnx(self, backend: Backend[Any]) -> OnnxSession:
        """Return a session of the ONNX network of a backend. Raises `WeightsMissing` and `UnusableWeights`."""
        path, interface = self._require_file(backend.files[0]), backend.interface
        if interface is None:
            raise TypeError(f"{backend.name} is not an ONNX network")
        large = path.stat().st_size >= LARGE_NETWORK_SIZE
        key = str(self._get_stamps(backend))
        return self._make_stoppable(self._load_once(key, large, lambda: OnnxSession(path, self._threads, interface)))

    def load_tflite(self, file: str) -> TfliteSession:
        """Return a session of the TensorFlow Lite network in `file`. Raises `WeightsMissing` and `UnusableWeights`."""
        path = self._require_file(file)
        large = path.stat().st_size >= LARGE_NETWORK_SIZE
        return self._make_stoppable(self._load_once(file, large, lambda: TfliteSession(path)))

    def load_folders(self, files: Sequence[str], load: Callable[[Sequence[Path], int], Session]) -> Session:
        """Call `load` with folders of weights and the number of threads; cache its result as one large network.

        Raises `WeightsMissing` and the errors of `load`.
        """
        paths = [self._require_file(file) for file in files]
        key = str([(path, path.stat().st_mtime_ns) for path in paths])
        return self._load_once(key, True, lambda: load(paths, self._threads))

    def choose(self, slot: Slot[Run]) -> Backend[Run]:
        """Return the most preferred of the usable backends. Raises `WeightsMissing`."""
        reason = ""
        for backend in slot.backends:
            usability = self.get_usability(backend)
            if usability.usable:
                return backend
            reason = usability.reason
        raise WeightsMissing(reason)

    def get_usability(self, backend: Backend[Any]) -> Usability:
        """Return whether the backend can be used; examine it again only when its files have changed."""
        stamp = self._get_stamps(backend)
        known = self._usabilities.get(backend.name)
        if known is None or known[0] != stamp:
            if known is not None:
                self._sessions.pop(str(known[0]), None)
            known = stamp, self._examine(backend)
            self._usabilities[backend.name] = known
        return known[1]

    def find(self, file: str) -> Path | None:
        """Return the path of a file of weights, in the models directory or in the repository, or None."""
        return next((path for folder in (self._directory, SHIPPED_FOLDER) if (path := folder / file).exists()), None)

    def unload(self) -> None:
        """Unload all networks, but remember the results of examining their files."""
        with self._lock:
            self._sessions.clear()
            self._large.clear()
        self._memory.release()

    def release_memory(self) -> None:
        """Release the working memory of the last picture; the networks stay loaded."""
        self._memory.release()

    def _examine(self, backend: Backend[Any]) -> Usability:
        try:
            for file in backend.files:
                self._require_file(file)
            _check_packages(backend)
            if backend.interface is not None:
                self.load_onnx(backend)
        except WeightsMissing as error:
            return Usability(backend, usable=False, reason=str(error))
        except UnusableWeights as error:
            reason = f"{backend.files[0]} cannot be used: {error}."
            logger.warning(reason)
            return Usability(backend, usable=False, reason=reason)
        return Usability(backend, usable=True)

    def _load_once(self, key: str, large: bool, load: Callable[[], Session]) -> Session:
        with self._lock:
            if large:
                # In place: the registries of single runs share the list.
                self._large[:] = [*(other for other in self._large if other != key), key]
                while len(self._large) > self._large_at_once:  # before loading, so that the limit always holds
                    self._sessions.pop(self._large.pop(0), None)
            if key not in self._sessions:
                self._sessions[key] = load()
            session: Session = self._sessions[key]
            return session

    def _make_stoppable(self, session: Network) -> Network:
        return session if self._interruption is None else session.make_interruptible(self._interruption)

    def _get_stamps(self, backend: Backend[Any]) -> FileStamps:
        found = [path for file in backend.files if (path := self.find(file)) is not None]
        return tuple((path, status.st_size, status.st_mtime_ns) for path in found for status in [path.stat()])

    def _require_file(self, file: str) -> Path:
        path = self.find(file)
        if path is None:
            raise WeightsMissing(f"The model weights {file} are not installed; run: manage.py install_models")
        return path


def _check_packages(backend: Backend[Any]) -> None:
    missing = [package for package in backend.packages if importlib.util.find_spec(package) is None]
    if missing:
        raise UnusableWeights(f"{', '.join(missing)} must be installed: pip install -r {backend.requirements}")
