"""Of what shape a picture's blur is: how wide, and whether along one direction, measured from the picture itself."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.analysis.sampling import sample_windows
from vanceweb.engine.processing.image.arrays import Pixels

FloatArray = npt.NDArray[np.float32]

WINDOW, MAX_WINDOWS = 512, 16
STEADYING, REBLUR = 0.6, 1.0  # px of the blurs before measuring, against noise, and to compare with
STEEPEST = 80  # percent; steeper places than so many are taken for edges
LEAST_STEEPNESS = 2.0  # levels a px
DIRECTIONS = 8
FEWEST_EDGES = 10  # px in a direction to believe what it says
FEWEST_DIRECTIONS = 3  # fewer say nothing of whether the blur has a direction
WIDEST = 4.5  # px; wider edges are mostly shading
MOTION_LENGTH, MOTION_RATIO = 1.5, 1.9  # px along, and how many times as much as across, from which it is motion
LONG_RATIO = 1.35  # from which it may be: hardly any round blur is measured so long
SHARPEST = 0.8  # px: of a sharp edge after the camera's own optics; narrower ones say nothing of a ratio


@dataclass(frozen=True)
class Blur:
    """Deviations in px, as of a bell curve, of the blur in its direction and across it; the direction in degrees.

    The direction is counted from the x axis towards the y axis, which points down. A sharp photo measures up to 0.8.
    """

    along: float
    across: float
    direction: float

    @property
    def is_motion(self) -> bool:
        """Whether it has a direction that is not chance."""
        return self.along >= MOTION_LENGTH and self._ratio >= MOTION_RATIO

    @property
    def is_round(self) -> bool:
        """Whether it surely has no direction."""
        return self._ratio < LONG_RATIO

    @property
    def _ratio(self) -> float:
        return self.along / max(self.across, SHARPEST)

    @property
    def softness(self) -> float:
        """One deviation for blur without a direction, in px."""
        return math.sqrt((self.along**2 + self.across**2) / 2)


SHARP = Blur(0.0, 0.0, 0.0)


def estimate_blur_shape(pixels: Pixels) -> Blur:
    """The blur of the picture's sharpest edges; none for a picture too small, or of too few edges, to tell.

    An edge's steepness against that of the same edge blurred once more by a known amount tells how wide it was (Zhuo
    and Sim, "Defocus map estimation from a single image", 2011); here for eight directions, and through them the
    ellipse that fits.
    """
    if min(pixels.shape[:2]) < 16:
        return SHARP
    found = [edges for window in sample_windows(pixels, WINDOW, MAX_WINDOWS) if len((edges := _edges(window))[0])]
    if not found:
        return SHARP
    steepness, ratio, angle = (np.concatenate([edges[part] for edges in found]) for part in range(3))
    steep = steepness >= max(float(np.percentile(steepness, 20)), LEAST_STEEPNESS)
    return _fitted(_widths(ratio[steep], angle[steep]))


def _edges(window: Pixels) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Of its edges' ridges: steepness in levels a px, ratio to that after the second blur, angle in degrees."""
    grey = cv2.GaussianBlur(window.mean(axis=2, dtype=np.float32), (0, 0), STEADYING)
    across, down, steepness = _gradient(grey)
    again = _gradient(cv2.GaussianBlur(grey, (0, 0), REBLUR))[2]
    ridge = steepness >= 0.98 * cv2.dilate(steepness, np.ones((3, 3), dtype=np.uint8))
    edge = ridge & (steepness >= max(float(np.percentile(steepness, STEEPEST)), LEAST_STEEPNESS))
    angle = np.degrees(np.arctan2(down[edge], across[edge])) % 180
    ratio = steepness[edge] / np.maximum(again[edge], np.float32(1e-3))
    return steepness[edge], np.asarray(ratio, dtype=np.float32), np.asarray(angle, dtype=np.float32)


def _gradient(grey: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    across, down = (np.asarray(cv2.Sobel(grey, cv2.CV_32F, *order, scale=1 / 8)) for order in ((1, 0), (0, 1)))
    return across.astype(np.float32), down.astype(np.float32), np.hypot(across, down).astype(np.float32)


def _widths(ratio: FloatArray, angle: FloatArray) -> list[tuple[float, float]]:
    """The angle in degrees and the deviation in px of each direction that has edges."""
    widths = []
    for number in range(DIRECTIONS):
        middle = number * 180 / DIRECTIONS
        here = ratio[np.abs((angle - middle + 90) % 180 - 90) <= 90 / DIRECTIONS]
        if len(here) >= FEWEST_EDGES:
            square = REBLUR**2 / max(float(np.median(here)) ** 2 - 1, 1e-3) - STEADYING**2
            widths.append((middle, min(math.sqrt(max(square, 0)), WIDEST)))
    return widths


def _fitted(widths: list[tuple[float, float]]) -> Blur:
    """The ellipse through the widths: their squares are those of a covariance seen from each direction."""
    if len(widths) < FEWEST_DIRECTIONS:
        return SHARP
    angles = np.radians([angle for angle, _ in widths])
    seen = np.stack([np.cos(angles) ** 2, np.sin(2 * angles), np.sin(angles) ** 2], axis=1)
    xx, xy, yy = np.linalg.lstsq(seen, np.array([width**2 for _, width in widths]), rcond=None)[0]
    values, vectors = np.linalg.eigh([[xx, xy], [xy, yy]])
    across, along = (math.sqrt(max(float(value), 0.0)) for value in values)
    narrowest, widest = (pick(width for _, width in widths) for pick in (min, max))
    direction = math.degrees(math.atan2(vectors[1, 1], vectors[0, 1])) % 180
    return Blur(min(along, widest), max(across, narrowest), direction)
