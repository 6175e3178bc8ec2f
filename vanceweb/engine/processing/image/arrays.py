"""The array types of pictures, and conversions between them."""

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]  # height x width x 3, RGB, 0..255: whole pictures
Mask = npt.NDArray[np.uint8]  # height x width, 0..255: alpha
Planes = npt.NDArray[np.float32]  # 3 x height x width, RGB, 0..1: tiles in a network


def to_planes(pixels: Pixels) -> Planes:
    """Convert a tile to contiguous floats, channels first."""
    return np.multiply(np.ascontiguousarray(pixels.transpose(2, 0, 1)), np.float32(1 / 255), dtype=np.float32)


def to_pixels(planes: Planes) -> Pixels:
    """Convert a tile to bytes, rounded to nearest and clipped to 0..255."""
    return np.asarray(np.clip(planes.transpose(1, 2, 0) * 255 + 0.5, 0, 255), dtype=np.uint8)


def crop_centre(planes: Planes, height: int, width: int) -> Planes:
    """Return the middle `height` x `width` px of `planes`, which must be larger by an even number of px."""
    top, left = (planes.shape[1] - height) // 2, (planes.shape[2] - width) // 2
    return planes[:, top : top + height, left : left + width]
