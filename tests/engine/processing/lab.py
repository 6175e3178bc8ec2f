"""Pictures as CIE Lab, to ask about their colours."""

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.image.arrays import Pixels

Floats = npt.NDArray[np.float32]


def lab(pixels: Pixels) -> Floats:
    """L of 0..100, a and b; height x width x 3."""
    return np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), dtype=np.float32)


def greyed(pixels: Pixels) -> Pixels:
    """The same lightness without colours."""
    grey = lab(pixels)
    grey[:, :, 1:] = 0
    return np.rint(np.clip(cv2.cvtColor(grey, cv2.COLOR_LAB2RGB), 0, 1) * 255).astype(np.uint8)


def chroma(pixels: Pixels) -> float:
    """The mean distance from grey, in ab."""
    return float(np.linalg.norm(lab(pixels)[:, :, 1:], axis=2).mean())


def lightness_apart(one: Pixels, other: Pixels) -> float:
    """The mean difference of L, in levels of 0..255."""
    return float(np.abs(lab(one)[:, :, 0] - lab(other)[:, :, 0]).mean() * 2.55)


def hue(pixels: Pixels) -> float:
    """The hue of the mean colour, in degrees of the ab plane: red about 30, yellow 100, green 140, blue 270."""
    a, b = lab(pixels)[:, :, 1:].reshape(-1, 2).mean(axis=0)
    return float(np.degrees(np.arctan2(b, a)) % 360)
