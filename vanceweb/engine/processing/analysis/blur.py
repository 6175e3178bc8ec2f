"""Estimates of the overall blur of a picture."""

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.analysis.blur_shape import estimate_blur_shape
from vanceweb.engine.processing.analysis.sampling import sample_windows
from vanceweb.engine.processing.image.arrays import Pixels

FloatArray = npt.NDArray[np.float32]

FINE_SIGMA, COARSE_SIGMA = 1.0, 2.0  # px, deviations of the two blurs whose slopes are compared
WINDOW, MAX_WINDOWS = 512, 24  # side in px and number of the measured parts; enough for a picture of any size
EDGE_PERCENTILE = 90  # slopes above this percentile are edges
MIN_SLOPE = 1.5  # levels per px; lower slopes are noise
MIN_EDGE_COUNT = 20  # fewer edges give no estimate
MAX_BLUR = 20.0  # px; wider than any blur that edges can show
SHARP_LIMIT, BLURRY_LIMIT = 0.9, 1.4  # px; below the first a photo is sharp, above the second it is fully blurry


def estimate_blur(pixels: Pixels) -> float:
    """Estimate the deviation in px of the Gaussian blur of the median edge; 0 without enough edges.

    Zhuo and Sim, "Defocus map estimation from a single image" (2011): another blur by s px lowers the slope of an edge
    of deviation b to 1 / sqrt(b² + s²), so two such blurs reveal b. Sharp photos measure below 0.9.
    """
    edges = np.concatenate([_measure_edge_blur(window) for window in sample_windows(pixels, WINDOW, MAX_WINDOWS)])
    return float(np.median(edges)) if edges.size >= MIN_EDGE_COUNT else 0.0


def estimate_blurriness(pixels: Pixels) -> float:
    """Estimate how much a photo gains from reconstruction: 0 if it is sharp, 1 if it is very blurry or shaken.

    The median edge of a shaken photo may be sharp, because edges along the motion stay sharp.
    """
    shape = estimate_blur_shape(pixels)
    width = max(estimate_blur(pixels), shape.along if shape.is_motion else 0.0)
    part = min(max((width - SHARP_LIMIT) / (BLURRY_LIMIT - SHARP_LIMIT), 0.0), 1.0)
    return part * part * (3 - 2 * part)


def _measure_edge_blur(window: Pixels) -> FloatArray:
    """Return the blur in px at each edge px of a window."""
    grey = cv2.cvtColor(window, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine, coarse = _compute_slopes(grey, FINE_SIGMA), _compute_slopes(grey, COARSE_SIGMA)
    ridge = 0.95 * cv2.dilate(fine, np.ones((5, 5), dtype=np.uint8))
    edge = (fine >= max(float(np.percentile(fine, EDGE_PERCENTILE)), MIN_SLOPE)) & (fine >= ridge)
    ratio = np.maximum(fine[edge] / np.maximum(coarse[edge], 1e-6), 1.0001)
    squared = (COARSE_SIGMA**2 - ratio**2 * FINE_SIGMA**2) / (ratio**2 - 1)
    return np.asarray(np.sqrt(np.clip(squared, 0, MAX_BLUR**2)), dtype=np.float32)


def _compute_slopes(grey: FloatArray, sigma: float) -> FloatArray:
    smooth = cv2.GaussianBlur(grey, (0, 0), sigma)
    across, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    return np.asarray(np.hypot(across, down) / 8, dtype=np.float32)
