"""The subject's own colours at its soft edges, so that no rim of the old background comes along.

After Forte, "Approximate fast foreground colour estimation" (ICIP 2021): foreground and background are blurred apart,
each weighted by how much of it a px holds, and what the mixture does not explain goes to the foreground. Done widely
on a small copy, then narrowly at full size.
"""

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.image.arrays import Mask, Pixels
from vanceweb.engine.processing.image.resampling import enlarge_part, shrink
from vanceweb.engine.processing.image.tiles import Report, Tile, cut_with_border, split_into_tiles

FloatArray = npt.NDArray[np.float32]
SMALL = 768  # px of the longer side of the small copy
WIDE, NARROW = 61, 9  # px, sides of the blurs' windows
CERTAIN = 4  # power of the weights: the purer a px, the more it counts
TINY = np.float32(1e-5)


class ForegroundColours:
    """Foreground colours of a picture with this alpha (same height and width)."""

    def __init__(self, colours: Pixels, alpha: Mask) -> None:
        self._colours, self._alpha = colours, alpha
        small = shrink(colours, SMALL).astype(np.float32) / np.float32(255)
        share = shrink(alpha, SMALL).astype(np.float32)[:, :, None] / np.float32(255)
        self._front, self._back = _estimate(small, share, small, small, WIDE)

    def estimate(self, side: int, report: Report) -> Pixels:
        """The picture's colours, in tiles of `side` px: its own where it is opaque, estimated elsewhere."""
        result = self._colours.copy()
        height, width = self._alpha.shape
        tiles = split_into_tiles(height, width, side)
        for done, tile in enumerate(tiles, start=1):
            inside = (slice(tile.top, tile.bottom), slice(tile.left, tile.right))
            if self._alpha[inside].min() < 255:
                self._replace(result[inside], tile)
            report(done / len(tiles))
        return result

    def _replace(self, target: Pixels, tile: Tile) -> None:
        border = NARROW
        wide = Tile(tile.top - border, tile.bottom + border, tile.left - border, tile.right + border)
        size = self._alpha.shape[0], self._alpha.shape[1]
        front, back = (enlarge_part(small, size, wide) for small in (self._front, self._back))
        pixels = cut_with_border(self._colours, tile, border).astype(np.float32) / np.float32(255)
        share = cut_with_border(self._alpha, tile, border).astype(np.float32)[:, :, None] / np.float32(255)
        estimated, _ = _estimate(pixels, share, front, back, NARROW)
        height, width = target.shape[:2]
        estimated = estimated[border : border + height, border : border + width]
        soft = self._alpha[tile.top : tile.bottom, tile.left : tile.right] < 255
        target[soft] = np.clip(estimated[soft] * 255 + 0.5, 0, 255).astype(np.uint8)


def _estimate(
    pixels: FloatArray, share: FloatArray, front: FloatArray, back: FloatArray, window: int
) -> tuple[FloatArray, FloatArray]:
    """Foreground and background, from earlier guesses of both; height x width x 3, 0..1."""
    size = (window, window)
    certain = share**CERTAIN
    weight = cv2.blur(certain, size)[:, :, None]
    front = (cv2.blur(front * certain, size) + TINY * front) / (weight + TINY)
    certain = (1 - share) ** CERTAIN
    weight = cv2.blur(certain, size)[:, :, None]
    back = (cv2.blur(back * certain, size) + TINY * back) / (weight + TINY)
    front = front + share * (pixels - share * front - (1 - share) * back)
    return np.clip(front, 0, 1), np.clip(back, 0, 1)
