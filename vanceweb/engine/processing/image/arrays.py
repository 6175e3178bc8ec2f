"""The two shapes pictures have in here, and the ways between them."""

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]  # height x width x 3, RGB, 0..255: how whole pictures are kept
Mask = npt.NDArray[np.uint8]  # height x width, 0..255: alpha
Planes = npt.NDArray[np.float32]  # 3 x height x width, RGB, 0..1: how a tile goes through a network


def to_planes(pixels: Pixels) -> Planes:
    """A contiguous float copy, channels first, of a tile."""
    return np.multiply(np.ascontiguousarray(pixels.transpose(2, 0, 1)), np.float32(1 / 255), dtype=np.float32)


def to_pixels(planes: Planes) -> Pixels:
    """The tile back as bytes, rounded to nearest, clipped to 0..255."""
    return np.asarray(np.clip(planes.transpose(1, 2, 0) * 255 + 0.5, 0, 255), dtype=np.uint8)


def crop_centre(planes: Planes, height: int, width: int) -> Planes:
    """The middle `height` x `width` px of `planes`, which must be larger by an even number of px."""
    top, left = (planes.shape[1] - height) // 2, (planes.shape[2] - width) // 2
    return planes[:, top : top + height, left : left + width]
