"""The loaded networks of one worker."""

import os
from pathlib import Path
from threading import Lock

import ncnn
import numpy as np
import numpy.typing as npt
import onnxruntime

from vanceweb.engine.processing.errors import WeightsMissing
from vanceweb.engine.processing.networks import NCNN, ONNX, NcnnNetwork, OnnxNetwork

FloatArray = npt.NDArray[np.float32]


class NcnnMemory:
    """The working memory all ncnn networks share. Left to itself each network keeps its own peak for good."""

    def __init__(self) -> None:
        self.blobs, self.workspace = ncnn.PoolAllocator(), ncnn.PoolAllocator()

    def release(self) -> None:
        """Give what is not in use back to the system."""
        self.blobs.clear()
        self.workspace.clear()


class NcnnSession:
    """One ncnn network, ready to run."""

    def __init__(self, network: NcnnNetwork, directory: Path, threads: int, memory: "NcnnMemory") -> None:
        self.network = network
        self._net = ncnn.Net()
        self._net.opt.num_threads = threads
        self._net.opt.blob_allocator, self._net.opt.workspace_allocator = memory.blobs, memory.workspace
        param, weights = (_existing(directory / f"{network.path}.{end}") for end in ("param", "bin"))
        if self._net.load_param(str(param)) or self._net.load_model(str(weights)):
            raise WeightsMissing(f"The weights {network.path} in {directory} cannot be read; install them again.")

    def run(self, planes: FloatArray) -> FloatArray:
        """Run the network on float32 planes (channels x height x width, colours 0..1).

        Gives 3 x scale*(height - 2 border) x scale*(width - 2 border): the part that can be trusted, not clipped.
        """
        planes = np.ascontiguousarray(planes, dtype=np.float32)
        extractor = self._net.create_extractor()
        # ncnn.Mat points into `planes` without a copy: the array has to live until extract has returned.
        extractor.input(self.network.source, ncnn.Mat(planes))
        failed, mat = extractor.extract(self.network.result)
        if failed:
            raise MemoryError(f"ncnn could not run {self.network.path} on {planes.shape}")
        result = np.array(mat, dtype=np.float32)
        if self.network.eats_border:
            return result
        margin = self.network.border * self.network.scale
        return result[:, margin:-margin, margin:-margin]


class OnnxSession:
    """One ONNX network, ready to run on the processor."""

    def __init__(self, network: OnnxNetwork, directory: Path, threads: int) -> None:
        self.network = network
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.enable_cpu_mem_arena = False  # the arena keeps its peak for good: 0.7 GB for these networks
        options.log_severity_level = 3
        path = _existing(directory / network.path)
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own classes have no public base
            raise WeightsMissing(f"The weights {path} cannot be read; install them again.") from error

    def run(self, batch: FloatArray) -> FloatArray:
        """Run the network on 1 x 3 x side x side float32; gives its first output."""
        (result,) = self._session.run([self.network.result], {self.network.source: batch})
        return np.asarray(result, dtype=np.float32)


class Models:
    """Loads networks when they are first asked for, and keeps them. One per worker; may be used by several threads."""

    def __init__(self, directory: Path, threads: int = 0) -> None:
        """`threads` 0: one for each processor this process may use."""
        self._directory = directory
        self._threads = threads or len(os.sched_getaffinity(0))
        self._memory = NcnnMemory()
        self._ncnn: dict[str, NcnnSession] = {}
        self._onnx: dict[str, OnnxSession] = {}
        self._lock = Lock()

    def ncnn(self, name: str) -> NcnnSession:
        """The ncnn network of this name. Raises `WeightsMissing`."""
        with self._lock:
            if name not in self._ncnn:
                self._ncnn[name] = NcnnSession(NCNN[name], self._directory, self._threads, self._memory)
            return self._ncnn[name]

    def onnx(self, name: str) -> OnnxSession:
        """The ONNX network of this name. Raises `WeightsMissing`."""
        with self._lock:
            if name not in self._onnx:
                self._onnx[name] = OnnxSession(ONNX[name], self._directory, self._threads)
            return self._onnx[name]

    def release_memory(self) -> None:
        """Give the working memory of the last picture back; the networks stay loaded."""
        self._memory.release()


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise WeightsMissing(f"The model weights {path.name} are not installed; run: manage.py install_models")
    return path
