"""Outlines like pen strokes: a difference of Gaussians across the edges, averaged along them.

After Kang, Lee and Chui, "Coherent line drawing" (NPAR 2007), with the soft threshold of Winnemöller, "XDoG"
(NPAR 2011). Averaging along the direction of the edge joins fragments into strokes.
"""

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.image.progress import Report, ignore_progress, report_each, split_report

FloatArray = npt.NDArray[np.float32]
WIDE_RATIO = 1.6  # the second Gaussian's deviation over the first's, as in both papers
ACROSS_REACH = 2.4  # deviations of the wide Gaussian that are sampled across an edge
ACROSS_STEP = 0.7  # px between samples across an edge
FLOW_RATIO = 2.5  # deviation of the window for the direction of a stroke, over the line's own
STROKE_RATIO = 3.0  # deviation along a stroke, over the line's own
ALONG_STEP = 1.0  # px between samples along a stroke
INK_START, INK_FULL = 0.005, 0.02  # steps of lightness (0..1) at which a line starts and is full, at sensitivity 1


def draw_outlines(
    lightness: FloatArray, width: float, sensitivity: float = 1.0, report: Report = ignore_progress
) -> FloatArray:
    """Return the amount of ink on each px, height x width, 0..1; none where the picture is even.

    `lightness` is height x width, 0..1; `width` is the width of a stroke in px. A `sensitivity` above 1 also draws
    fainter edges. `report` gets the fraction done after each sample across and along the strokes.
    """
    crossing, following = split_report(report, (1, 3))
    deviation = max(width, 0.6) * 0.5
    tangents = _estimate_tangents(lightness, deviation * FLOW_RATIO)
    across = _filter_across(lightness, tangents, deviation, crossing)
    along = _average_along(across, tangents, deviation * STROKE_RATIO, following)
    return _apply_smooth_step(-along * sensitivity, INK_START, INK_FULL)


def _estimate_tangents(lightness: FloatArray, deviation: float) -> FloatArray:
    """Return the directions of edges from the smoothed structure tensor, height x width x 2 (x, y), of length 1."""
    soft = cv2.GaussianBlur(lightness, (0, 0), 0.8)
    right, down = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
    products = np.dstack((right * right, down * down, right * down))
    products = cv2.GaussianBlur(products, (0, 0), max(deviation, 1.0))
    angle = 0.5 * np.arctan2(2 * products[..., 2], products[..., 0] - products[..., 1])
    return np.dstack((-np.sin(angle), np.cos(angle))).astype(np.float32)


def _filter_across(lightness: FloatArray, tangents: FloatArray, deviation: float, report: Report) -> FloatArray:
    """Return the narrow Gaussian less the wide one, both taken along the line that crosses the edge."""
    x, y = _build_coordinates(lightness)
    wide = deviation * WIDE_RATIO
    narrow_sum, wide_sum = np.zeros_like(lightness), np.zeros_like(lightness)
    narrow_weight = wide_weight = 0.0
    count = int(np.ceil(wide * ACROSS_REACH / ACROSS_STEP))
    for offset in report_each(list(ACROSS_STEP * np.arange(-count, count + 1, dtype=np.float32)), report):
        sample = _sample_at(lightness, x + offset * tangents[..., 1], y - offset * tangents[..., 0])
        one, two = (float(np.exp(-0.5 * (offset / spread) ** 2)) for spread in (deviation, wide))
        narrow_sum += np.float32(one) * sample
        wide_sum += np.float32(two) * sample
        narrow_weight += one
        wide_weight += two
    return np.asarray(narrow_sum / narrow_weight - wide_sum / wide_weight, dtype=np.float32)


def _average_along(values: FloatArray, tangents: FloatArray, deviation: float, report: Report) -> FloatArray:
    """Return the mean of `values` along the stroke through each px, followed in both directions."""
    total, weights = values.copy(), 1.0
    for sign, part in zip((1.0, -1.0), split_report(report, (1, 1)), strict=True):
        x, y = _build_coordinates(values)
        heading = tangents * np.float32(sign)
        for step in report_each(range(1, int(np.ceil(2 * deviation / ALONG_STEP)) + 1), part):
            x, y = x + ALONG_STEP * heading[..., 0], y + ALONG_STEP * heading[..., 1]
            # A direction has no sign: continue the way that turns less.
            found = _sample_at(tangents, x, y)
            turn = np.sign((found * heading).sum(axis=2, keepdims=True)) + np.float32(1e-6)
            heading = found * np.sign(turn)
            weight = float(np.exp(-0.5 * (step * ALONG_STEP / deviation) ** 2))
            total += np.float32(weight) * _sample_at(values, x, y)
            weights += weight
    return np.asarray(total / np.float32(weights), dtype=np.float32)


def _build_coordinates(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    height, width = values.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return x, y


def _sample_at(values: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    sampled = cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(sampled, dtype=np.float32).reshape(values.shape)


def _apply_smooth_step(values: FloatArray, low: float, high: float) -> FloatArray:
    share = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), dtype=np.float32)
