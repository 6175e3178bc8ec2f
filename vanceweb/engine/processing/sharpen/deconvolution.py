"""Undoing a known blur without weights."""

import math

import cv2
import numpy as np

from vanceweb.engine.processing.analysis.blur_shape import Blur
from vanceweb.engine.processing.image.arrays import Planes

OFFSET = 0.01  # added to the colours, 0..1, so that black can be divided by


def deconvolved(planes: Planes, blur: Blur, rounds: int) -> Planes:
    """Richardson and Lucy's deconvolution (1972, 1974) of 3 x height x width planes by the bell curve that `blur` is.

    More rounds give more detail, and more of the noise. Trusted from about four times `blur.along` px off the edge on.
    """
    return np.stack([_of_one(plane, blur, rounds) for plane in planes])


def _of_one(plane: Planes, blur: Blur, rounds: int) -> Planes:
    seen = plane + np.float32(OFFSET)
    guess = seen.copy()
    kernel = None if blur.along <= 1.05 * blur.across else bell(blur)

    def blurred(here: Planes) -> Planes:
        if kernel is None:
            return np.asarray(cv2.GaussianBlur(here, (0, 0), blur.along), dtype=np.float32)
        return np.asarray(cv2.filter2D(here, cv2.CV_32F, kernel, borderType=cv2.BORDER_REFLECT_101), dtype=np.float32)

    for _ in range(rounds):
        ratio = seen / np.maximum(blurred(guess), np.float32(1e-4))
        guess *= blurred(np.asarray(ratio, dtype=np.float32))
    return np.asarray(np.clip(guess - np.float32(OFFSET), 0, 1), dtype=np.float32)


def bell(blur: Blur) -> Planes:
    """The bell curve as a kernel of odd sides, whose sum is 1."""
    turn = math.radians(blur.direction)
    reach = math.ceil(3 * blur.along)
    down, across = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    forward = across * math.cos(turn) + down * math.sin(turn)
    sideways = down * math.cos(turn) - across * math.sin(turn)
    kernel = np.exp(-((forward / blur.along) ** 2 + (sideways / max(blur.across, 0.3)) ** 2) / 2)
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)
