"""Lines as a pen would draw them: a difference of Gaussians across the edges, gathered along them.

After Kang, Lee and Chui, "Coherent line drawing" (NPAR 2007), with the softened threshold of Winnemöller, "XDoG"
(NPAR 2011). Gathering along the edge's own direction is what makes strokes of what would else be crumbs.
"""

import cv2
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
WIDER = 1.6  # the second Gaussian's deviation over the first's, as in both papers
REACH = 2.4  # deviations of the wider Gaussian that are looked at across an edge
SAMPLE = 0.7  # px between samples across an edge
FLOW = 2.5  # deviation, over the line's width, of the window whose mean direction a stroke follows
STROKE = 3.0  # deviation along a stroke, over the line's width
STRIDE = 1.0  # px between samples along a stroke
FAINT, FULL = 0.005, 0.02  # steps of lightness (0..1) at which a line begins, and is fully drawn, at sensitivity 1


def draw_outlines(lightness: FloatArray, width: float, sensitivity: float = 1.0) -> FloatArray:
    """How much ink lies on each px, height x width, 0..1: none where the picture is even.

    `lightness` is height x width, 0..1; `width` that of a stroke in px; `sensitivity` above 1 draws fainter edges too.
    """
    deviation = max(width, 0.6) * 0.5
    tangents = _tangents(lightness, deviation * FLOW)
    across = _across(lightness, tangents, deviation)
    along = _along(across, tangents, deviation * STROKE)
    return _smooth_step(-along * sensitivity, FAINT, FULL)


def _tangents(lightness: FloatArray, deviation: float) -> FloatArray:
    """The direction of edges, height x width x 2 (x, y), of length 1: of the smoothed structure tensor."""
    soft = cv2.GaussianBlur(lightness, (0, 0), 0.8)
    right, down = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
    products = np.dstack((right * right, down * down, right * down))
    products = cv2.GaussianBlur(products, (0, 0), max(deviation, 1.0))
    angle = 0.5 * np.arctan2(2 * products[..., 2], products[..., 0] - products[..., 1])
    return np.dstack((-np.sin(angle), np.cos(angle))).astype(np.float32)


def _across(lightness: FloatArray, tangents: FloatArray, deviation: float) -> FloatArray:
    """The narrow Gaussian less the wide one, taken along the line that crosses the edge."""
    x, y = _places(lightness)
    wide = deviation * WIDER
    narrow_sum, wide_sum = np.zeros_like(lightness), np.zeros_like(lightness)
    narrow_weight = wide_weight = 0.0
    count = int(np.ceil(wide * REACH / SAMPLE))
    for offset in SAMPLE * np.arange(-count, count + 1, dtype=np.float32):
        sample = _sampled(lightness, x + offset * tangents[..., 1], y - offset * tangents[..., 0])
        one, two = (float(np.exp(-0.5 * (offset / spread) ** 2)) for spread in (deviation, wide))
        narrow_sum += np.float32(one) * sample
        wide_sum += np.float32(two) * sample
        narrow_weight += one
        wide_weight += two
    return np.asarray(narrow_sum / narrow_weight - wide_sum / wide_weight, dtype=np.float32)


def _along(values: FloatArray, tangents: FloatArray, deviation: float) -> FloatArray:
    """The mean of `values` along the stroke through each px, followed both ways."""
    total, weights = values.copy(), 1.0
    for way in (1.0, -1.0):
        x, y = _places(values)
        heading = tangents * np.float32(way)
        for step in range(1, int(np.ceil(2 * deviation / STRIDE)) + 1):
            x, y = x + STRIDE * heading[..., 0], y + STRIDE * heading[..., 1]
            # A direction has no sign: go on the way that turns less.
            found = _sampled(tangents, x, y)
            turn = np.sign((found * heading).sum(axis=2, keepdims=True)) + np.float32(1e-6)
            heading = found * np.sign(turn)
            weight = float(np.exp(-0.5 * (step * STRIDE / deviation) ** 2))
            total += np.float32(weight) * _sampled(values, x, y)
            weights += weight
    return np.asarray(total / np.float32(weights), dtype=np.float32)


def _places(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    height, width = values.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return x, y


def _sampled(values: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    sampled = cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(sampled, dtype=np.float32).reshape(values.shape)


def _smooth_step(values: FloatArray, low: float, high: float) -> FloatArray:
    share = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), dtype=np.float32)
