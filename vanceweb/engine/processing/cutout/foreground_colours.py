"""The subject's own colours at its soft edges, without a rim of the old background.

After Forte, "Approximate fast foreground colour estimation" (ICIP 2021): foreground and background are blurred
separately, each weighted by its share of the px, and the foreground takes the colour that the mixture does not explain.
A wide blur runs on a small copy, then a narrow one at full size.
"""

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.image.arrays import Mask, Pixels
from vanceweb.engine.processing.image.progress import Report
from vanceweb.engine.processing.image.resampling import enlarge_part, shrink
from vanceweb.engine.processing.image.tiles import Tile, cut_with_border, split_into_tiles

FloatArray = npt.NDArray[np.float32]
SMALL_SIDE = 768  # px of the longer side of the small copy
WIDE_WINDOW, NARROW_WINDOW = 61, 9  # px, sides of the blurs' windows
WEIGHT_POWER = 4  # the purer a px, the more it counts
WEIGHT_EPSILON = np.float32(1e-5)


class ForegroundColours:
    """The foreground colours of a picture with this alpha (same height and width)."""

    def __init__(self, colours: Pixels, alpha: Mask) -> None:
        self._colours, self._alpha = colours, alpha
        small = shrink(colours, SMALL_SIDE).astype(np.float32) / np.float32(255)
        share = shrink(alpha, SMALL_SIDE).astype(np.float32)[:, :, None] / np.float32(255)
        self._front, self._back = _estimate_layers(small, share, small, small, WIDE_WINDOW)

    def estimate(self, side: int, report: Report) -> Pixels:
        """Return the picture's own colours where it is opaque and estimated ones elsewhere, in tiles of `side` px."""
        result = self._colours.copy()
        height, width = self._alpha.shape
        tiles = split_into_tiles(height, width, side)
        for done, tile in enumerate(tiles, start=1):
            inside = (slice(tile.top, tile.bottom), slice(tile.left, tile.right))
            if self._alpha[inside].min() < 255:
                self._replace_soft_pixels(result[inside], tile)
            report(done / len(tiles))
        return result

    def _replace_soft_pixels(self, target: Pixels, tile: Tile) -> None:
        border = NARROW_WINDOW
        wide = Tile(tile.top - border, tile.bottom + border, tile.left - border, tile.right + border)
        size = self._alpha.shape[0], self._alpha.shape[1]
        front, back = (enlarge_part(small, size, wide) for small in (self._front, self._back))
        pixels = cut_with_border(self._colours, tile, border).astype(np.float32) / np.float32(255)
        share = cut_with_border(self._alpha, tile, border).astype(np.float32)[:, :, None] / np.float32(255)
        estimated, _ = _estimate_layers(pixels, share, front, back, NARROW_WINDOW)
        height, width = target.shape[:2]
        estimated = estimated[border : border + height, border : border + width]
        soft = self._alpha[tile.top : tile.bottom, tile.left : tile.right] < 255
        target[soft] = np.clip(estimated[soft] * 255 + 0.5, 0, 255).astype(np.uint8)


def _estimate_layers(
    pixels: FloatArray, share: FloatArray, front: FloatArray, back: FloatArray, window: int
) -> tuple[FloatArray, FloatArray]:
    """Return foreground and background, height x width x 3, 0..1, from earlier estimates of both."""
    size = (window, window)
    weight = share**WEIGHT_POWER
    total = cv2.blur(weight, size)[:, :, None]
    front = (cv2.blur(front * weight, size) + WEIGHT_EPSILON * front) / (total + WEIGHT_EPSILON)
    weight = (1 - share) ** WEIGHT_POWER
    total = cv2.blur(weight, size)[:, :, None]
    back = (cv2.blur(back * weight, size) + WEIGHT_EPSILON * back) / (total + WEIGHT_EPSILON)
    front = front + share * (pixels - share * front - (1 - share) * back)
    return np.clip(front, 0, 1), np.clip(back, 0, 1)
