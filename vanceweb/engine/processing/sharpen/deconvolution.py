"""Deconvolution: removal of a known blur without weights."""

import math

import cv2
import numpy as np

from vanceweb.engine.processing.analysis.blur_shape import Blur
from vanceweb.engine.processing.image.arrays import Planes
from vanceweb.engine.processing.image.progress import Report, report_each, split_report

OFFSET = 0.01  # added to the colours, 0..1, to avoid division by zero in black


def deconvolve(planes: Planes, blur: Blur, iterations: int, report: Report) -> Planes:
    """Return 3 x height x width planes deconvolved by the Gaussian that `blur` describes.

    The algorithm is that of Richardson and Lucy (1972, 1974). More iterations give more detail, and more noise. The
    result can be trusted from about four times `blur.along` px away from the edge. `report` gets the fraction done
    after each iteration.
    """
    parts = split_report(report, [1.0] * len(planes))
    return np.stack(
        [_deconvolve_plane(plane, blur, iterations, part) for plane, part in zip(planes, parts, strict=True)]
    )


def _deconvolve_plane(plane: Planes, blur: Blur, iterations: int, report: Report) -> Planes:
    blurred = plane + np.float32(OFFSET)
    guess = blurred.copy()
    kernel = None if blur.along <= 1.05 * blur.across else build_gaussian_kernel(blur)

    def apply_blur(pixels: Planes) -> Planes:
        if kernel is None:
            return np.asarray(cv2.GaussianBlur(pixels, (0, 0), blur.along), dtype=np.float32)
        return np.asarray(cv2.filter2D(pixels, cv2.CV_32F, kernel, borderType=cv2.BORDER_REFLECT_101), dtype=np.float32)

    for _ in report_each(range(iterations), report):
        ratio = blurred / np.maximum(apply_blur(guess), np.float32(1e-4))
        guess *= apply_blur(np.asarray(ratio, dtype=np.float32))
    return np.asarray(np.clip(guess - np.float32(OFFSET), 0, 1), dtype=np.float32)


def build_gaussian_kernel(blur: Blur) -> Planes:
    """Return the Gaussian that `blur` describes as a kernel with odd sides and a sum of 1."""
    angle = math.radians(blur.direction)
    reach = math.ceil(3 * blur.along)
    down, across = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    forward = across * math.cos(angle) + down * math.sin(angle)
    sideways = down * math.cos(angle) - across * math.sin(angle)
    kernel = np.exp(-((forward / blur.along) ** 2 + (sideways / max(blur.across, 0.3)) ** 2) / 2)
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)
