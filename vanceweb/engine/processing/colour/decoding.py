"""Decoding of colour probabilities, smoothed within each object so that it doesn't break into patches."""

import cv2
import numpy as np

from vanceweb.engine.processing.image.progress import Report, ignore_progress, report_each
from vanceweb.engine.processing.image.resampling import FloatArray

# Min et al., "Fast global image smoothing" (2014): lambda, the reach, and sigma, the step of L (scaled to 0..255) that
# stops it.
SMOOTHING_LAMBDA, SMOOTHING_SIGMA = 300.0, 6.0
TEMPERATURE = 0.8  # of the annealed mean: the mean colour at 1, the likeliest near 0
CHROMA_GAIN = 1.65  # of the decoded colours: a mean over possible colours is paler than each of them
LEAST_PROBABILITY = 1e-9


def smooth_by_lightness(values: FloatArray, lightness: FloatArray, report: Report = ignore_progress) -> FloatArray:
    """Smooth `values` (height x width x any) within areas of similar `lightness` (L at that size, height x width)."""
    guide = np.clip(lightness * 2.55 + 0.5, 0, 255).astype(np.uint8)
    if min(guide.shape) < 2:
        return values
    smoother = cv2.ximgproc.createFastGlobalSmootherFilter(guide, SMOOTHING_LAMBDA, SMOOTHING_SIGMA)
    result = np.empty_like(values)
    for first in report_each(range(0, values.shape[2], 4), report):
        part = np.ascontiguousarray(values[:, :, first : first + 4])
        result[:, :, first : first + 4] = smoother.filter(part).reshape(part.shape)
    return result


def decode_probabilities(probabilities: FloatArray, bins: FloatArray) -> FloatArray:
    """Return ab (height x width x 2) for probabilities (height x width x bins): Zhang et al.'s annealed mean (2016)."""
    sharper = np.maximum(probabilities, LEAST_PROBABILITY) ** np.float32(1 / TEMPERATURE)
    sharper /= sharper.sum(axis=2, keepdims=True)
    return np.asarray(sharper @ bins * np.float32(CHROMA_GAIN), dtype=np.float32)
