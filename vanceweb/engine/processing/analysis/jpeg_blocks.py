"""Estimates of the visibility of JPEG blocks in a picture."""

import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.analysis.sampling import sample_windows
from vanceweb.engine.processing.image.arrays import Pixels

BLOCK = 8  # px, in JPEG
WINDOW = 512  # px of the measured windows
MAX_WINDOWS = 16  # enough for two digits in a picture of any size
MAX_JUMP = 12.0  # levels; larger jumps are edges of the picture


def estimate_jpeg_blocks(pixels: Pixels) -> float:
    """Estimate by how many levels brightness jumps more between JPEG blocks than inside them; 0 if it doesn't.

    Each jump between two px is reduced by the jump expected from their neighbours, then averaged for each of the eight
    possible positions of the block border; the excess of the maximum over the median counts. The result is the mean of
    both directions. Cropped pictures keep a shifted grid, which is found too. Pictures that are too small give 0.
    """
    if min(pixels.shape[:2]) < 4 * BLOCK:
        return 0.0
    large = [window for window in sample_windows(pixels, WINDOW, MAX_WINDOWS) if min(window.shape[:2]) >= 4 * BLOCK]
    found = [_measure_window(window) for window in large or [pixels]]
    across, down = (np.mean([pair[axis] for pair in found], axis=0) for axis in (0, 1))
    return float((_compute_excess(across) + _compute_excess(down)) / 2)


def _compute_excess(surplus: npt.NDArray[np.float64]) -> float:
    return float(max(surplus.max() - np.median(surplus), 0))


def _measure_window(window: Pixels) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the mean surplus of the jump at each of the eight positions, across and down, in levels."""
    grey = window.mean(axis=2, dtype=np.float32)
    return _average_surplus(grey), _average_surplus(grey.T)


def _average_surplus(grey: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    jumps = np.minimum(np.abs(np.diff(grey, axis=1)), MAX_JUMP)
    surplus = (jumps[:, 1:-1] - (jumps[:, :-2] + jumps[:, 2:]) / 2).mean(axis=0, dtype=np.float64)
    surplus = surplus[: len(surplus) // BLOCK * BLOCK]
    return np.asarray(surplus.reshape(-1, BLOCK).mean(axis=0), dtype=np.float64)
