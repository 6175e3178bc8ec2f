"""How noisy a picture is, measured from the picture itself."""

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.arrays import Pixels

BLOCK = 32  # px; small enough to find flat places, large enough for a steady figure
MAX_BLOCKS = 2048  # enough for two digits, whatever the picture's size
QUIET_SHARE = 20  # percent; the flattest blocks tell of noise, the others of detail
CLIPPED = (4, 251)  # blocks with means beyond have lost their noise to clipping
# Immerkær, "Fast noise variance estimation" (1996): blind to planes and edges along the axes; gain 6 for white noise.
KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32) / 6


def estimate_noise(pixels: Pixels) -> float:
    """The standard deviation, in levels of 0..255, of the picture's noise; 0 for a picture too small to tell.

    The deviation of the kernel's answer in blocks of 32 px, averaged over the channels, at the quiet end of all blocks.
    """
    height, width = pixels.shape[:2]
    if min(height, width) < 8:
        return 0.0
    deviations, means = zip(*(_measure(block) for block in _blocks(pixels)), strict=True)
    usable = np.array(deviations)[_unclipped(np.array(means))]
    return float(np.percentile(usable, QUIET_SHARE))


def _blocks(pixels: Pixels) -> list[Pixels]:
    height, width = pixels.shape[:2]
    rows, columns = max(height // BLOCK, 1), max(width // BLOCK, 1)
    stride = max(1, round((rows * columns / MAX_BLOCKS) ** 0.5))
    return [
        pixels[row * BLOCK : (row + 1) * BLOCK, column * BLOCK : (column + 1) * BLOCK]
        for row in range(0, rows, stride)
        for column in range(0, columns, stride)
    ]


def _measure(block: Pixels) -> tuple[float, float]:
    answer = cv2.filter2D(block.astype(np.float32), cv2.CV_32F, KERNEL)[1:-1, 1:-1]
    return float(np.sqrt((answer**2).mean())), float(block.mean())


def _unclipped(means: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    usable = (means > CLIPPED[0]) & (means < CLIPPED[1])
    return usable if usable.mean() > 0.1 else np.ones_like(usable)
