"""Loaded networks, ready to run on ncnn, ONNX Runtime and OpenCV."""

import copy
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Self

import cv2
import ncnn
import numpy as np
import numpy.typing as npt
import onnxruntime

from vanceweb.engine.processing.errors import UnusableWeights, WeightsMissing
from vanceweb.engine.processing.image.progress import Report, ignore_progress, report_each
from vanceweb.engine.processing.inference.interfaces import Interface, check_interface, run_session
from vanceweb.engine.processing.inference.interruption import Interruption
from vanceweb.engine.processing.inference.ncnn_networks import NcnnNetwork

FloatArray = npt.NDArray[np.float32]

RAW_LAYOUT = 1  # ncnn's type of an extraction without a copy in the usual layout


class InterruptibleSession:
    """A loaded network whose runs an interruption ends."""

    _interruption = Interruption()  # nobody's: a session that isn't bound runs to its end

    def make_interruptible(self, interruption: Interruption) -> Self:
        """Return the same loaded network, with its runs ended by this interruption."""
        bound = copy.copy(self)
        bound._interruption = interruption
        return bound


class NcnnMemory:
    """Working memory shared by all ncnn networks; otherwise each network would keep its own peak for good."""

    def __init__(self) -> None:
        self.blobs, self.workspace = ncnn.PoolAllocator(), ncnn.PoolAllocator()

    def release(self) -> None:
        """Return unused memory to the system."""
        self.blobs.clear()
        self.workspace.clear()


class NcnnSession(InterruptibleSession):
    """A loaded ncnn network."""

    def __init__(self, network: NcnnNetwork, param: Path, weights: Path, threads: int, memory: NcnnMemory) -> None:
        """Load the network. Raises `WeightsMissing` if the files cannot be read."""
        self.network = network
        self._net = ncnn.Net()
        self._net.opt.num_threads = threads
        self._net.opt.blob_allocator, self._net.opt.workspace_allocator = memory.blobs, memory.workspace
        if self._net.load_param(str(param)) or self._net.load_model(str(weights)):
            raise WeightsMissing(f"The weights {network.path} cannot be read; install them again.")
        blobs = self._net.blobs()
        self._steps = [blobs[layer.tops[0]].name for layer in self._net.layers() if layer.tops]

    def run(self, planes: FloatArray, report: Report = ignore_progress) -> FloatArray:
        """Run the network on float32 planes (channels x height x width, colours 0..1).

        Return the part that can be trusted, 3 x scale*(height - 2 border) x scale*(width - 2 border), not clipped.
        An interruption or an exception of `report` ends the run after its current layer.
        """
        height, width = planes.shape[1:]
        more = [(0, 0), *((0, -side % self.network.multiple) for side in (height, width))]
        planes = np.ascontiguousarray(np.pad(planes, more, mode="edge") if np.any(more) else planes, dtype=np.float32)
        extractor = self._net.create_extractor()
        # ncnn.Mat points into `planes` without a copy: the array must live until extract has returned.
        extractor.input(self.network.source, ncnn.Mat(planes))
        # ncnn computes what a blob needs and keeps it for the next one: this is one run with a pause after each layer.
        for blob in report_each(self._steps, report):
            self._interruption.check()
            extractor.extract(blob, RAW_LAYOUT)
        failed, mat = extractor.extract(self.network.result)
        if failed:
            raise MemoryError(f"ncnn could not run {self.network.path} on {planes.shape}")
        result = np.array(mat, dtype=np.float32)
        scale, border = self.network.scale, self.network.border
        margin = 0 if self.network.crops_border else border * scale
        kept_height, kept_width = (height - 2 * border) * scale, (width - 2 * border) * scale
        return result[:, margin : margin + kept_height, margin : margin + kept_width]


class OnnxSession(InterruptibleSession):
    """A loaded ONNX network that runs on the processor."""

    def __init__(self, path: Path, threads: int, interface: Interface) -> None:
        """Load the network. Raises `UnusableWeights` if the file is damaged or has another interface."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.enable_cpu_mem_arena = False  # the arena keeps its peak for good: 0.7 GB for these networks
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own classes have no public base
            raise UnusableWeights("it is damaged or not an ONNX file") from error
        check_interface(self._session, interface)

    @property
    def metadata(self) -> dict[str, str]:
        """The metadata in the file."""
        return dict(self._session.get_modelmeta().custom_metadata_map)

    @property
    def size(self) -> tuple[int | None, int | None]:
        """Height and width of its first input in px, each None if it takes any."""
        shape = self._session.get_inputs()[0].shape
        sides = shape[1:3] if self.channels_last else shape[2:4]
        height, width = (side if isinstance(side, int) else None for side in sides)
        return height, width

    @property
    def channels_last(self) -> bool:
        """True if the channels of its first input, a colour picture, are the last axis and not the second."""
        shape = self._session.get_inputs()[0].shape
        return bool(shape[3] == 3 and shape[1] != 3)

    def run(self, *arrays: FloatArray, number: float = 1.0) -> FloatArray:
        """Run the network and return its first output as float32. Inputs beyond `arrays` are set to `number`."""
        options = onnxruntime.RunOptions()
        with self._interruption.stop_on_request(lambda: _stop_run(options)):
            return run_session(self._session, arrays, number, options)

    def run_all(self, *arrays: FloatArray) -> Sequence[FloatArray]:
        """Run the network and return all of its outputs as float32."""
        given = {port.name: array for port, array in zip(self._session.get_inputs(), arrays, strict=True)}
        options = onnxruntime.RunOptions()
        with self._interruption.stop_on_request(lambda: _stop_run(options)):
            return [np.asarray(output, dtype=np.float32) for output in self._session.run(None, given, options)]


class TfliteSession(InterruptibleSession):
    """A loaded TensorFlow Lite network that runs on OpenCV."""

    def __init__(self, path: Path) -> None:
        """Load the network. Raises `UnusableWeights` if the file is damaged."""
        try:
            self._net = cv2.dnn.readNetFromTFLite(str(path))
        except cv2.error as error:
            raise UnusableWeights(f"{path.name} is damaged or not a TensorFlow Lite file") from error
        self._names = self._net.getUnconnectedOutLayersNames()
        self._lock = Lock()  # the net stores its input and its layers' results

    def run(self, batch: FloatArray) -> dict[str, FloatArray]:
        """Run the network on 1 x channels x height x width and return its outputs by name."""
        self._interruption.check()
        with self._lock:
            self._net.setInput(batch)
            outputs = self._net.forward(self._names)
            return {name: np.array(output, dtype=np.float32) for name, output in zip(self._names, outputs, strict=True)}


def _stop_run(options: onnxruntime.RunOptions) -> None:
    """End the run with these options after its current node; it raises an error of onnxruntime."""
    options.terminate = True
