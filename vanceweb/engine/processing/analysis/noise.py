"""Estimates of the noise in a picture."""

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.image.arrays import Pixels

BLOCK = 32  # px; small enough to find flat areas, large enough for a stable value
MAX_BLOCKS = 2048  # enough for two digits in a picture of any size
QUIET_PERCENTILE = 20  # the flattest blocks show noise, the others detail
CLIPPING_DISTANCE = 2.5  # deviations; blocks closer to black or white have lost noise to clipping
# Immerkær, "Fast noise variance estimation" (1996): blind to planes and edges along the axes; gain 6 for white noise.
NOISE_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32) / 6


def estimate_noise(pixels: Pixels) -> float:
    """Estimate the standard deviation of the picture's noise, in levels of 0..255; 0 if the picture is too small.

    The estimate is a low percentile of the deviation of the kernel's response in blocks of 32 px, for each channel. It
    is computed twice: from all blocks, then without the blocks that noise of this strength drives into black or white.
    """
    height, width = pixels.shape[:2]
    if min(height, width) < 8:
        return 0.0
    measured = np.concatenate([_measure_block(block) for block in _sample_blocks(pixels)])
    first = _get_quiet_level(measured[_select_unclipped(measured[:, 1], 4)])
    return _get_quiet_level(measured[_select_unclipped(measured[:, 1], max(CLIPPING_DISTANCE * first, 4))])


def _get_quiet_level(measured: npt.NDArray[np.float64]) -> float:
    return float(np.percentile(measured[:, 0], QUIET_PERCENTILE))


def _sample_blocks(pixels: Pixels) -> list[Pixels]:
    height, width = pixels.shape[:2]
    rows, columns = max(height // BLOCK, 1), max(width // BLOCK, 1)
    stride = max(1, round((rows * columns / MAX_BLOCKS) ** 0.5))
    return [
        pixels[row * BLOCK : (row + 1) * BLOCK, column * BLOCK : (column + 1) * BLOCK]
        for row in range(0, rows, stride)
        for column in range(0, columns, stride)
    ]


def _measure_block(block: Pixels) -> npt.NDArray[np.float64]:
    """Return the deviation and the mean of each channel, 3 x 2, in levels."""
    response = cv2.filter2D(block.astype(np.float32), cv2.CV_32F, NOISE_KERNEL)[1:-1, 1:-1]
    return np.stack([np.sqrt((response**2).mean(axis=(0, 1))), block.mean(axis=(0, 1))], axis=1)


def _select_unclipped(means: npt.NDArray[np.float64], distance: float) -> npt.NDArray[np.bool_]:
    usable = (means > distance) & (means < 255 - distance)
    return usable if usable.mean() > 0.1 else np.ones_like(usable)
