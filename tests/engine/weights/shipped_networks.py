"""The network files of the repository, and the middles of photos to run them on."""

from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from django.conf import settings
from numpy.typing import NDArray

from vanceweb.engine.weights import installed_files

FOLDER = Path(installed_files.__file__).with_name("shipped")
PHOTOS = Path(__file__).parents[2] / "photos"
LARGEST = 8_000_000  # bytes, unless a test sets another limit


def open_session(name: str) -> onnxruntime.InferenceSession:
    """Load the network with as many threads as the engine uses; more would wait busily beside other tests."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = settings.ENGINE_MODEL_THREADS
    return onnxruntime.InferenceSession(str(FOLDER / name), options, providers=["CPUExecutionProvider"])


def crop_middle(name: str, side: int | None = None, flag: int = cv2.IMREAD_COLOR) -> NDArray[np.uint8]:
    """Return the photo's middle square of `side` px (default: its shorter side), as OpenCV reads it."""
    pixels = cv2.imread(str(PHOTOS / name), flag)
    side = side or min(pixels.shape[:2])
    top, left = (pixels.shape[0] - side) // 2, (pixels.shape[1] - side) // 2
    return pixels[top : top + side, left : left + side]
