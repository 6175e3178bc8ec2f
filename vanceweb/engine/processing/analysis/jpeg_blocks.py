"""How much of JPEG's blocks shows in a picture, measured from the picture itself."""

import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.analysis.sampling import sample_windows
from vanceweb.engine.processing.image.arrays import Pixels

BLOCK = 8  # px, JPEG's
WINDOW = 512  # px of the windows looked at
MAX_WINDOWS = 16  # enough for two digits, whatever the picture's size
LARGEST_STEP = 12.0  # levels; a larger one is the picture's own edge


def estimate_jpeg_blocks(pixels: Pixels) -> float:
    """By how many levels the brightness jumps more between JPEG's blocks than inside of them; 0 where it doesn't.

    The jump between two px less what their neighbours would lead one to expect, averaged for each of the eight places
    a border between blocks could be; the most, less the middle one. The mean of both directions. Pictures that were cut
    to size keep their grid, moved; 0 for one that is too small to tell.
    """
    if min(pixels.shape[:2]) < 4 * BLOCK:
        return 0.0
    large = [window for window in sample_windows(pixels, WINDOW, MAX_WINDOWS) if min(window.shape[:2]) >= 4 * BLOCK]
    found = [_steps(window) for window in large or [pixels]]
    across, down = (np.mean([pair[axis] for pair in found], axis=0) for axis in (0, 1))
    return float((_stands_out(across) + _stands_out(down)) / 2)


def _stands_out(steps: npt.NDArray[np.float64]) -> float:
    return float(max(steps.max() - np.median(steps), 0))


def _steps(window: Pixels) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The mean surplus of the jump at each of the eight places, across and down, in levels."""
    grey = window.mean(axis=2, dtype=np.float32)
    return _at_places(grey), _at_places(grey.T)


def _at_places(grey: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    jumps = np.minimum(np.abs(np.diff(grey, axis=1)), LARGEST_STEP)
    surplus = (jumps[:, 1:-1] - (jumps[:, :-2] + jumps[:, 2:]) / 2).mean(axis=0, dtype=np.float64)
    surplus = surplus[: len(surplus) // BLOCK * BLOCK]
    return np.asarray(surplus.reshape(-1, BLOCK).mean(axis=0), dtype=np.float64)
