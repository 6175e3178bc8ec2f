"""Inference with exported networks, for their reports. Nothing here needs torch."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

Arrays = NDArray[np.float32]


def load_network(path: Path, threads: int = 2) -> Callable[[Arrays], Arrays]:
    """Return the network of a file as a function from (1, C, H, W) to its first output, on the processor."""
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])

    def run(image: Arrays) -> Arrays:
        return np.asarray(session.run(None, {"image": image})[0], np.float32)

    return run
