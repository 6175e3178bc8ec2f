"""Sharpening of edges without rings around them."""

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.image.arrays import Planes

FloatArray = npt.NDArray[np.float32]

LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601
OVERSHOOT = 0.04  # of the full range; a larger overshoot of the neighbourhood looks like a ring


def sharpen(planes: Planes, amount: float, sigma: float) -> Planes:
    """Apply an unsharp mask to the brightness of 3 x height x width planes; colours follow.

    `amount` is the share of the lost detail to add (0: unchanged), `sigma` the deviation in px of the blur that
    isolates the detail. The result exceeds the brightness range of a 5 px neighbourhood by at most `OVERSHOOT`.
    """
    if amount <= 0:
        return planes
    luma: FloatArray = np.tensordot(LUMA, planes, axes=1).astype(np.float32)
    sharp = luma + amount * (luma - cv2.GaussianBlur(luma, (0, 0), sigma))
    window = np.ones((5, 5), dtype=np.uint8)
    np.clip(sharp, cv2.erode(luma, window) - OVERSHOOT, cv2.dilate(luma, window) + OVERSHOOT, out=sharp)
    return np.asarray(planes + (sharp - luma), dtype=np.float32)
