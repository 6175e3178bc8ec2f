"""Measurements of colours in CIE Lab."""

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.image.arrays import Pixels

Floats = npt.NDArray[np.float32]


def to_lab(pixels: Pixels) -> Floats:
    """Convert to L (0..100), a and b; height x width x 3."""
    return np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), dtype=np.float32)


def to_grey(pixels: Pixels) -> Pixels:
    """Remove the colours and keep the lightness."""
    grey = to_lab(pixels)
    grey[:, :, 1:] = 0
    return np.rint(np.clip(cv2.cvtColor(grey, cv2.COLOR_LAB2RGB), 0, 1) * 255).astype(np.uint8)


def measure_chroma(pixels: Pixels) -> float:
    """Return the mean distance from grey in the ab plane."""
    return float(np.linalg.norm(to_lab(pixels)[:, :, 1:], axis=2).mean())


def compute_lightness_difference(one: Pixels, other: Pixels) -> float:
    """Return the mean absolute difference of L, in levels of 0..255."""
    return float(np.abs(to_lab(one)[:, :, 0] - to_lab(other)[:, :, 0]).mean() * 2.55)


def measure_hue(pixels: Pixels) -> float:
    """Return the hue of the mean colour, in degrees of the ab plane: red about 30, yellow 100, green 140, blue 270."""
    a, b = to_lab(pixels)[:, :, 1:].reshape(-1, 2).mean(axis=0)
    return float(np.degrees(np.arctan2(b, a)) % 360)
