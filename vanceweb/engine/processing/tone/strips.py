"""Work on a photo strip by strip, in bounded memory."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.progress import Report, report_each
from vanceweb.engine.processing.image.tiles import Tile

FloatArray = npt.NDArray[np.float32]
# Work on the colours (0..1, height x width x 3) of the strip at a place of the photo.
StripWork = Callable[[FloatArray, Tile], FloatArray]

STRIP_HEIGHT = 256  # rows at most: 34 MB for a photo of 11,000 px in width
LEAST_STRIPS = 8  # so that even a small photo reports its progress and can be cancelled


def run_in_strips(photo: Pixels, apply: StripWork, report: Report) -> Pixels:
    """Return the photo with `apply` done on each of its strips, in 8 bit."""
    height, width = photo.shape[:2]
    rows = min(STRIP_HEIGHT, max(height // LEAST_STRIPS, 1))
    strips = [Tile(top, min(top + rows, height), 0, width) for top in range(0, height, rows)]
    result = np.empty_like(photo)
    for strip in report_each(strips, report):
        inside = slice(strip.top, strip.bottom)
        colours = apply(photo[inside].astype(np.float32) / np.float32(255), strip)
        result[inside] = np.clip(colours * 255 + 0.5, 0, 255)
    return result


def compute_lightness(colours: FloatArray) -> FloatArray:
    """Return the luma (0..1, height x width) of colours, with the weights of Rec. 709."""
    return np.asarray(colours @ np.array([0.2126, 0.7152, 0.0722], dtype=np.float32), dtype=np.float32)
