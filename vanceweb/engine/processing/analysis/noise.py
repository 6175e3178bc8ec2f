"""How noisy a picture is, measured from the picture itself."""

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.image.arrays import Pixels

BLOCK = 32  # px; small enough to find flat places, large enough for a steady figure
MAX_BLOCKS = 2048  # enough for two digits, whatever the picture's size
QUIET_SHARE = 20  # percent; the flattest blocks tell of noise, the others of detail
CLIPPED = 2.5  # deviations; nearer than this to black or white, blocks have lost noise to clipping
# Immerkær, "Fast noise variance estimation" (1996): blind to planes and edges along the axes; gain 6 for white noise.
KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32) / 6


def estimate_noise(pixels: Pixels) -> float:
    """The standard deviation, in levels of 0..255, of the picture's noise; 0 for a picture too small to tell.

    The deviation of the kernel's answer in blocks of 32 px, each channel apart, at the quiet end of all blocks; first
    of all of them, then of those that so much noise does not drive into black or white.
    """
    height, width = pixels.shape[:2]
    if min(height, width) < 8:
        return 0.0
    measured = np.concatenate([_measure(block) for block in _blocks(pixels)])
    first = _quiet(measured[_away_from_ends(measured[:, 1], 4)])
    return _quiet(measured[_away_from_ends(measured[:, 1], max(CLIPPED * first, 4))])


def _quiet(measured: npt.NDArray[np.float64]) -> float:
    return float(np.percentile(measured[:, 0], QUIET_SHARE))


def _blocks(pixels: Pixels) -> list[Pixels]:
    height, width = pixels.shape[:2]
    rows, columns = max(height // BLOCK, 1), max(width // BLOCK, 1)
    stride = max(1, round((rows * columns / MAX_BLOCKS) ** 0.5))
    return [
        pixels[row * BLOCK : (row + 1) * BLOCK, column * BLOCK : (column + 1) * BLOCK]
        for row in range(0, rows, stride)
        for column in range(0, columns, stride)
    ]


def _measure(block: Pixels) -> npt.NDArray[np.float64]:
    """Deviation and mean of each channel: 3 x 2, in levels."""
    answer = cv2.filter2D(block.astype(np.float32), cv2.CV_32F, KERNEL)[1:-1, 1:-1]
    return np.stack([np.sqrt((answer**2).mean(axis=(0, 1))), block.mean(axis=(0, 1))], axis=1)


def _away_from_ends(means: npt.NDArray[np.float64], distance: float) -> npt.NDArray[np.bool_]:
    usable = (means > distance) & (means < 255 - distance)
    return usable if usable.mean() > 0.1 else np.ones_like(usable)
