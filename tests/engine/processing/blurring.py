"""Blur for photos that the engine then sharpens."""

import cv2
import numpy as np

from vanceweb.engine.processing.image.arrays import Pixels

SUPERSAMPLING = 8  # each kernel is drawn this many times as large and averaged


def blur_gaussian(pixels: Pixels, sigma: float) -> Pixels:
    """Blur with a Gaussian of `sigma` px."""
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), dtype=np.uint8)


def blur_defocus(pixels: Pixels, radius: float) -> Pixels:
    """Blur with a disc of `radius` px, as a lens out of focus does."""
    reach = int(radius) + 1
    down, across = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius + 0.5 - np.hypot(down, across), 0, 1).astype(np.float32)
    return np.asarray(cv2.filter2D(pixels, -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT_101), dtype=np.uint8)


def blur_motion(pixels: Pixels, length: float, angle: float) -> Pixels:
    """Blur along a straight line of `length` px at `angle` degrees from the x axis to the y axis, which points down."""
    side = int(length) + 8 | 1
    large = np.zeros((side * SUPERSAMPLING, side * SUPERSAMPLING), dtype=np.float32)
    turn = np.radians(angle)
    reach = np.array([np.cos(turn), np.sin(turn)]) * length * SUPERSAMPLING / 2
    middle = side * SUPERSAMPLING / 2
    start, end = ([round(float(place)) for place in middle + sign * reach] for sign in (-1, 1))
    cv2.line(large, start, end, 1.0, SUPERSAMPLING, cv2.LINE_AA)
    kernel = cv2.resize(large, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.filter2D(pixels, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT_101), np.uint8)
