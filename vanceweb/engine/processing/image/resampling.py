"""Resampling that never holds a whole enlarged picture in memory."""

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.image.tiles import Tile

FloatArray = npt.NDArray[np.float32]


def shrink(array: npt.NDArray[np.uint8], longest: int) -> npt.NDArray[np.uint8]:
    """Shrink by area averaging to at most `longest` px on the longer side; return smaller arrays unchanged."""
    height, width = array.shape[:2]
    factor = longest / max(height, width)
    if factor >= 1:
        return array
    size = max(round(width * factor), 1), max(round(height * factor), 1)
    return np.asarray(cv2.resize(array, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def enlarge_part(small: FloatArray, size: tuple[int, int], tile: Tile) -> FloatArray:
    """Return the `tile` of `small` enlarged bilinearly to `size` (height, width, in px)."""
    down, across = small.shape[0] / size[0], small.shape[1] / size[1]
    matrix = np.array(
        [
            [across, 0, (tile.left + 0.5) * across - 0.5],
            [0, down, (tile.top + 0.5) * down - 0.5],
        ]
    )
    part = cv2.warpAffine(
        small,
        matrix,
        (tile.right - tile.left, tile.bottom - tile.top),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(part, dtype=np.float32)
