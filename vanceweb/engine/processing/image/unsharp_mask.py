"""Making edges steeper without rings around them."""

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.image.arrays import Planes

FloatArray = npt.NDArray[np.float32]

LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601
OVERSHOOT = 0.04  # of the full range: more than this beyond the neighbourhood looks like a ring


def sharpen(planes: Planes, amount: float, sigma: float) -> Planes:
    """Unsharp masking of the brightness of 3 x height x width planes, colours following along.

    `amount` is the share of the lost detail added (0: unchanged), `sigma` the blur in px it is taken from. The result
    stays within the brightness found in a 5 px neighbourhood, but for `OVERSHOOT`.
    """
    if amount <= 0:
        return planes
    luma: FloatArray = np.tensordot(LUMA, planes, axes=1).astype(np.float32)
    sharp = luma + amount * (luma - cv2.GaussianBlur(luma, (0, 0), sigma))
    window = np.ones((5, 5), dtype=np.uint8)
    np.clip(sharp, cv2.erode(luma, window) - OVERSHOOT, cv2.dilate(luma, window) + OVERSHOOT, out=sharp)
    return np.asarray(planes + (sharp - luma), dtype=np.float32)
