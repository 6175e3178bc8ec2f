"""How blurred a picture is all over, measured from the picture itself."""

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.analysis.blur_shape import estimate_blur_shape
from vanceweb.engine.processing.analysis.sampling import sample_windows
from vanceweb.engine.processing.image.arrays import Pixels

FloatArray = npt.NDArray[np.float32]

FINE, COARSE = 1.0, 2.0  # px, the deviations of the two blurs whose slopes are compared
WINDOW, MAX_WINDOWS = 512, 24  # px, the side of the parts that are looked at; enough to tell, whatever the size
STEEPEST = 90  # percentile of slopes from which they are edges
FAINT = 1.5  # levels a px: slopes below it are noise
FEWEST = 20  # edges; fewer tell nothing
MOST = 20.0  # px; wider than any blur that edges can be told by
SHARP, BLURRY = 0.9, 1.4  # px; photos that are sharp enough, and what is nothing but blurry


def estimate_blur(pixels: Pixels) -> float:
    """The deviation in px of the Gaussian blur of the median edge; 0 where there are no edges to tell.

    Zhuo and Sim, "Defocus map estimation from a single image" (2011): blurring an edge of deviation b once more, by s
    px, lowers its slope to 1 / sqrt(b² + s²); two such blurs make b known. Sharp photos measure below 0.9.
    """
    edges = np.concatenate([_edges(window) for window in sample_windows(pixels, WINDOW, MAX_WINDOWS)])
    return float(np.median(edges)) if edges.size >= FEWEST else 0.0


def estimate_blurriness(pixels: Pixels) -> float:
    """0 for a sharp photo, 1 for a very blurry or shaken one: by that much it gains from being drawn anew.

    The median edge of a shaken photo may be sharp: those that run along the motion stay so.
    """
    shape = estimate_blur_shape(pixels)
    width = max(estimate_blur(pixels), shape.along if shape.is_motion else 0.0)
    part = min(max((width - SHARP) / (BLURRY - SHARP), 0.0), 1.0)
    return part * part * (3 - 2 * part)


def _edges(window: Pixels) -> FloatArray:
    """The blur in px of each px of a window that lies on an edge."""
    grey = cv2.cvtColor(window, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine, coarse = _slopes(grey, FINE), _slopes(grey, COARSE)
    steepest = 0.95 * cv2.dilate(fine, np.ones((5, 5), dtype=np.uint8))
    edge = (fine >= max(float(np.percentile(fine, STEEPEST)), FAINT)) & (fine >= steepest)
    ratio = np.maximum(fine[edge] / np.maximum(coarse[edge], 1e-6), 1.0001)
    squared = (COARSE**2 - ratio**2 * FINE**2) / (ratio**2 - 1)
    return np.asarray(np.sqrt(np.clip(squared, 0, MOST**2)), dtype=np.float32)


def _slopes(grey: FloatArray, sigma: float) -> FloatArray:
    smooth = cv2.GaussianBlur(grey, (0, 0), sigma)
    across, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    return np.asarray(np.hypot(across, down) / 8, dtype=np.float32)
