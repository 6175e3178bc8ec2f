"""Detection of scratches and dust without a network: thin lines and specks that differ from their surroundings.

A scratch is a line a few px wide, brighter or darker than both of its sides along its whole length. So the mean along a
short line in each direction is compared with that on either side of it. A scratch stands out from the structure around
it and forms a long thin line. The thresholds rather miss a scratch than take a part of the picture for one.
"""

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.image.arrays import Planes
from vanceweb.engine.processing.image.progress import Report, report_each, split_report

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]

DIRECTIONS = 16
LINE_LENGTH = 31  # px of the line for the mean
SIDE_DISTANCE = 2.5  # px from the middle of a scratch to its sides; 4 misses every second hairline
CLEAR_CONTRAST, WEAK_CONTRAST = 14.0, 8.0  # levels by which a line stands out: on average and along its whole length
TEXTURE_FACTOR = 4.0  # by which a line must exceed the mean contrast around it
ASYMMETRY_WEIGHT = 0.7  # of a difference between both sides, which counts against a line
MIN_TONE = 100.0  # levels: the minimum distance of light damage from black and of dark damage from white
MIN_DEVIATIONS = 1.8  # standard deviations between its tone and the mean tone around it
WINDOW_SIDE = 61  # px of the window that counts as its surroundings
CLEAR_SHARE = 0.7  # clear px of a scratch per px of its length
MIN_LENGTH = 64  # px of a scratch
MAX_THICKNESS = 5.0  # px of a scratch
SPECK_CONTRAST, SPECK_TEXTURE_FACTOR = 36.0, 14.0  # levels, and times the mean contrast around it
MAX_SPECK_SIDE, MAX_SPECK_AREA = 9, 45  # px


def find_lines_and_specks(planes: Planes, report: Report) -> FloatArray:
    """Return 1 where there is a scratch or a speck and 0 elsewhere, height x width, for 3 x height x width RGB of 0..1.

    Scratches and specks are grey: light ones raise the lowest of the three channels, dark ones lower the highest.
    """
    light, dark = planes.min(axis=0) * np.float32(255), (1 - planes.max(axis=0)) * np.float32(255)
    found = [
        (_find_scratches(tone, part) | _find_specks(tone)) & (tone >= MIN_TONE)
        for tone, part in zip((light, dark), split_report(report, (1, 1)), strict=True)
    ]
    return np.asarray(found[0] | found[1], dtype=np.float32)


def _find_scratches(tone: FloatArray, report: Report) -> BoolArray:
    """Find lines that are brighter than both their sides."""
    measuring, joining = split_report(report, (1, 1))
    ridges = np.stack(
        [
            _measure_ridge(tone, np.pi * direction / DIRECTIONS)
            for direction in report_each(range(DIRECTIONS), measuring)
        ]
    )
    ridge, best = ridges.max(axis=0), ridges.argmax(axis=0)
    usual = cv2.blur(ridge, (WINDOW_SIDE, WINDOW_SIDE))
    mean = cv2.blur(tone, (WINDOW_SIDE, WINDOW_SIDE))
    deviation = np.sqrt(np.maximum(cv2.blur(tone * tone, (WINDOW_SIDE, WINDOW_SIDE)) - mean * mean, 1))
    itself = tone - cv2.blur(tone, (2 * round(SIDE_DISTANCE) + 1,) * 2)
    weak = (ridge >= WEAK_CONTRAST) & (itself >= 0.3 * ridge)
    clear = (
        weak
        & (ridge >= CLEAR_CONTRAST)
        & (ridge >= TEXTURE_FACTOR * usual)
        & (tone >= mean + MIN_DEVIATIONS * deviation)
    )
    found = np.zeros(tone.shape, dtype=bool)
    for direction in report_each(range(DIRECTIONS), joining):
        rotation = (best - direction + DIRECTIONS // 2) % DIRECTIONS - DIRECTIONS // 2
        found |= _keep_long_lines(weak & (np.abs(rotation) <= 1), clear)
    return found


def _measure_ridge(tone: FloatArray, angle: float) -> FloatArray:
    """Return by how many levels the mean along a line exceeds that on both sides.

    The result is smaller where the sides differ, because a line between two different areas is their border.
    """
    along = np.asarray(
        cv2.filter2D(tone, cv2.CV_32F, _build_line_kernel(angle), borderType=cv2.BORDER_REFLECT_101), dtype=np.float32
    )
    across = np.array([-np.sin(angle) * SIDE_DISTANCE, np.cos(angle) * SIDE_DISTANCE], dtype=np.float64)
    one, other = _shift(along, across), _shift(along, -across)
    return np.asarray(along - np.maximum(one, other) - ASYMMETRY_WEIGHT * np.abs(one - other), dtype=np.float32)


def _keep_long_lines(weak: BoolArray, clear: BoolArray) -> BoolArray:
    """Return the long thin pieces of `weak` with enough px in `clear`."""
    joined = cv2.morphologyEx(weak.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    length = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    sure = np.bincount(labels[clear & weak], minlength=count)
    kept = (
        (length >= MIN_LENGTH) & (stats[:, cv2.CC_STAT_AREA] <= MAX_THICKNESS * length) & (sure >= CLEAR_SHARE * length)
    )
    kept[0] = False
    return np.asarray(kept[labels] & weak, dtype=bool)


def _find_specks(tone: FloatArray) -> BoolArray:
    """Find small spots that are brighter than their surroundings."""
    window = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (MAX_SPECK_SIDE, MAX_SPECK_SIDE))
    height = cv2.morphologyEx(tone, cv2.MORPH_TOPHAT, window)
    usual = cv2.blur(height, (WINDOW_SIDE // 2, WINDOW_SIDE // 2))
    spot = (height >= SPECK_CONTRAST / 2) & (height >= SPECK_TEXTURE_FACTOR / 2 * usual)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(spot.astype(np.uint8), connectivity=8)
    sure = np.bincount(labels[(height >= SPECK_CONTRAST) & (height >= SPECK_TEXTURE_FACTOR * usual)], minlength=count)
    sides = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    kept = (sides <= MAX_SPECK_SIDE) & (stats[:, cv2.CC_STAT_AREA] <= MAX_SPECK_AREA) & (sure > 0)
    kept[0] = False
    return np.asarray(kept[labels], dtype=bool)


def _build_line_kernel(angle: float) -> FloatArray:
    """Build a kernel that averages along a line through its middle."""
    side, middle, scale = LINE_LENGTH + 2, (LINE_LENGTH + 1) / 2, 16
    reach = np.array([np.cos(angle), np.sin(angle)]) * (LINE_LENGTH - 1) / 2
    drawn = np.zeros((side, side), dtype=np.uint8)
    first, last = (tuple(np.round((middle + sign * reach) * scale).astype(int).tolist()) for sign in (-1, 1))
    cv2.line(drawn, first, last, 255, 1, cv2.LINE_AA, shift=4)
    kernel = drawn.astype(np.float32)
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


def _shift(array: npt.NDArray[np.float32], shift: npt.NDArray[np.float64]) -> FloatArray:
    """Return the values `shift` (x, y, in px) away from each position."""
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
    size = (array.shape[1], array.shape[0])
    return np.asarray(
        cv2.warpAffine(array, matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                       borderMode=cv2.BORDER_REFLECT_101), dtype=np.float32)  # fmt: skip
