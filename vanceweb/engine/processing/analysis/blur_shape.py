"""Estimates of the width and direction of a picture's blur."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.analysis.sampling import sample_windows
from vanceweb.engine.processing.image.arrays import Pixels

FloatArray = npt.NDArray[np.float32]

WINDOW, MAX_WINDOWS = 512, 16
DENOISING_SIGMA, REBLUR_SIGMA = 0.6, 1.0  # px; the blur against noise before measuring, and the blur to compare with
EDGE_PERCENTILE = 80  # steepness above this percentile is an edge
MIN_STEEPNESS = 2.0  # levels per px
DIRECTION_COUNT = 8
MIN_EDGE_COUNT = 10  # edge px for a reliable width in a direction
MIN_DIRECTION_COUNT = 3  # fewer directions cannot show a motion
MAX_WIDTH = 4.5  # px; wider edges are mostly shading
MIN_MOTION_LENGTH, MIN_MOTION_RATIO = 1.5, 1.9  # from this length in px and ratio of length to width on, blur is motion
MAX_ROUND_RATIO = 1.35  # above this ratio it may be motion: round blur rarely measures more
SHARP_EDGE_WIDTH = 0.8  # px, after the camera's optics; narrower widths make ratios meaningless


@dataclass(frozen=True)
class Blur:
    """Gaussian deviations of a blur in px, along its direction and across it, and the direction in degrees.

    The direction is measured from the x axis towards the y axis, which points down. A sharp photo measures up to 0.8.
    """

    along: float
    across: float
    direction: float

    @property
    def is_motion(self) -> bool:
        """True if it has a significant direction."""
        return self.along >= MIN_MOTION_LENGTH and self._ratio >= MIN_MOTION_RATIO

    @property
    def is_round(self) -> bool:
        """True if it certainly has no direction."""
        return self._ratio < MAX_ROUND_RATIO

    @property
    def _ratio(self) -> float:
        return self.along / max(self.across, SHARP_EDGE_WIDTH)

    @property
    def softness(self) -> float:
        """The deviation in px of an equally strong blur without a direction."""
        return math.sqrt((self.along**2 + self.across**2) / 2)


NO_BLUR = Blur(0.0, 0.0, 0.0)


def estimate_blur_shape(pixels: Pixels) -> Blur:
    """Estimate the blur of the picture's sharpest edges; `NO_BLUR` if it is too small or has too few edges.

    The width of an edge follows from the ratio of its steepness to its steepness after another, known blur (Zhuo and
    Sim, "Defocus map estimation from a single image", 2011). It is measured in eight directions, and an ellipse is
    fitted to the widths.
    """
    if min(pixels.shape[:2]) < 16:
        return NO_BLUR
    found = [edges for window in sample_windows(pixels, WINDOW, MAX_WINDOWS) if len((edges := _find_edges(window))[0])]
    if not found:
        return NO_BLUR
    steepness, ratio, angle = (np.concatenate([edges[part] for edges in found]) for part in range(3))
    steep = steepness >= max(float(np.percentile(steepness, 20)), MIN_STEEPNESS)
    return _fit_blur(_measure_widths(ratio[steep], angle[steep]))


def _find_edges(window: Pixels) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the edges' steepness (levels per px), its ratio to that after the second blur, and the angle (degrees)."""
    grey = cv2.GaussianBlur(window.mean(axis=2, dtype=np.float32), (0, 0), DENOISING_SIGMA)
    across, down, steepness = _compute_gradient(grey)
    again = _compute_gradient(cv2.GaussianBlur(grey, (0, 0), REBLUR_SIGMA))[2]
    ridge = steepness >= 0.98 * cv2.dilate(steepness, np.ones((3, 3), dtype=np.uint8))
    edge = ridge & (steepness >= max(float(np.percentile(steepness, EDGE_PERCENTILE)), MIN_STEEPNESS))
    angle = np.degrees(np.arctan2(down[edge], across[edge])) % 180
    ratio = steepness[edge] / np.maximum(again[edge], np.float32(1e-3))
    return steepness[edge], np.asarray(ratio, dtype=np.float32), np.asarray(angle, dtype=np.float32)


def _compute_gradient(grey: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    across, down = (np.asarray(cv2.Sobel(grey, cv2.CV_32F, *order, scale=1 / 8)) for order in ((1, 0), (0, 1)))
    return across.astype(np.float32), down.astype(np.float32), np.hypot(across, down).astype(np.float32)


def _measure_widths(ratio: FloatArray, angle: FloatArray) -> list[tuple[float, float]]:
    """Return the angle in degrees and the deviation in px of each direction with enough edges."""
    widths = []
    for number in range(DIRECTION_COUNT):
        middle = number * 180 / DIRECTION_COUNT
        here = ratio[np.abs((angle - middle + 90) % 180 - 90) <= 90 / DIRECTION_COUNT]
        if len(here) >= MIN_EDGE_COUNT:
            square = REBLUR_SIGMA**2 / max(float(np.median(here)) ** 2 - 1, 1e-3) - DENOISING_SIGMA**2
            widths.append((middle, min(math.sqrt(max(square, 0)), MAX_WIDTH)))
    return widths


def _fit_blur(widths: list[tuple[float, float]]) -> Blur:
    """Fit an ellipse to the widths: their squares are a covariance projected on each direction."""
    if len(widths) < MIN_DIRECTION_COUNT:
        return NO_BLUR
    angles = np.radians([angle for angle, _ in widths])
    seen = np.stack([np.cos(angles) ** 2, np.sin(2 * angles), np.sin(angles) ** 2], axis=1)
    xx, xy, yy = np.linalg.lstsq(seen, np.array([width**2 for _, width in widths]), rcond=None)[0]
    values, vectors = np.linalg.eigh([[xx, xy], [xy, yy]])
    across, along = (math.sqrt(max(float(value), 0.0)) for value in values)
    narrowest, widest = (pick(width for _, width in widths) for pick in (min, max))
    direction = math.degrees(math.atan2(vectors[1, 1], vectors[0, 1])) % 180
    return Blur(min(along, widest), max(across, narrowest), direction)
