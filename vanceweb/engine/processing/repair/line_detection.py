"""Scratches and dust found without a network: thin lines and specks unlike anything around them.

A scratch is a line a few px wide, brighter or darker than both of its sides along all its length. So the mean along a
short line of each direction is compared with that beside it on either side; what stands out from the structure around
it and links up to a long thin thing is a scratch. Rather too little is found than anything that belongs to the picture.
"""

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.image.arrays import Planes

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]

DIRECTIONS = 16
LENGTH = 31  # px, of the line that is averaged along
BESIDE = 2.5  # px, from the middle of a scratch to what is beside it; 4 misses every second hairline
CLEAR, WEAK = 14.0, 8.0  # levels by which a line stands out: on average, and all along
TEXTURE_TIMES = 4.0  # by how much a line must exceed what is usual around it
DIFFERENT = 0.7  # how much a difference between both sides counts against a line
LEAST = 100.0  # levels from black that light damage has at least, and from white dark damage
OUTLYING = 1.8  # deviations by which its tone lies beyond those around it
AROUND = 61  # px, the window of what is usual
SURE = 0.7  # clear px of a scratch per px of its length
LONG = 64  # px, the shortest scratch
THICK = 5.0  # px, the widest
SPECK, SPECK_TIMES = 36.0, 14.0  # levels, and times what is usual around it
SPECK_SIDE, SPECK_AREA = 9, 45  # px, the largest speck


def chance_of_lines(planes: Planes) -> FloatArray:
    """1 where there is a scratch or a speck and 0 elsewhere, height x width, of 3 x height x width RGB of 0..1.

    A scratch or a speck is grey: what is light lifts the least of the three colours, what is dark lowers the most.
    """
    light, dark = planes.min(axis=0) * np.float32(255), (1 - planes.max(axis=0)) * np.float32(255)
    found = [(_scratches(tone) | _specks(tone)) & (tone >= LEAST) for tone in (light, dark)]
    return np.asarray(found[0] | found[1], dtype=np.float32)


def _scratches(tone: FloatArray) -> BoolArray:
    """Lines brighter than both their sides."""
    ridges = np.stack([_ridge(tone, np.pi * direction / DIRECTIONS) for direction in range(DIRECTIONS)])
    ridge, best = ridges.max(axis=0), ridges.argmax(axis=0)
    usual = cv2.blur(ridge, (AROUND, AROUND))
    mean = cv2.blur(tone, (AROUND, AROUND))
    deviation = np.sqrt(np.maximum(cv2.blur(tone * tone, (AROUND, AROUND)) - mean * mean, 1))
    itself = tone - cv2.blur(tone, (2 * round(BESIDE) + 1,) * 2)
    weak = (ridge >= WEAK) & (itself >= 0.3 * ridge)
    clear = weak & (ridge >= CLEAR) & (ridge >= TEXTURE_TIMES * usual) & (tone >= mean + OUTLYING * deviation)
    found = np.zeros(tone.shape, dtype=bool)
    for direction in range(DIRECTIONS):
        turned = (best - direction + DIRECTIONS // 2) % DIRECTIONS - DIRECTIONS // 2
        found |= _long_ones(weak & (np.abs(turned) <= 1), clear)
    return found


def _ridge(tone: FloatArray, angle: float) -> FloatArray:
    """By how many levels the mean along a line exceeds that beside it on both sides.

    Less where the sides differ: what runs between two different things is a border of theirs, not a scratch.
    """
    along = np.asarray(
        cv2.filter2D(tone, cv2.CV_32F, _line(angle), borderType=cv2.BORDER_REFLECT_101), dtype=np.float32
    )
    across = np.array([-np.sin(angle) * BESIDE, np.cos(angle) * BESIDE], dtype=np.float64)
    one, other = _moved(along, across), _moved(along, -across)
    return np.asarray(along - np.maximum(one, other) - DIFFERENT * np.abs(one - other), dtype=np.float32)


def _long_ones(weak: BoolArray, clear: BoolArray) -> BoolArray:
    """The long thin pieces of `weak` of which enough is `clear`."""
    joined = cv2.morphologyEx(weak.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    length = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    sure = np.bincount(labels[clear & weak], minlength=count)
    kept = (length >= LONG) & (stats[:, cv2.CC_STAT_AREA] <= THICK * length) & (sure >= SURE * length)
    kept[0] = False
    return np.asarray(kept[labels] & weak, dtype=bool)


def _specks(tone: FloatArray) -> BoolArray:
    """Small spots brighter than all around them."""
    window = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (SPECK_SIDE, SPECK_SIDE))
    height = cv2.morphologyEx(tone, cv2.MORPH_TOPHAT, window)
    usual = cv2.blur(height, (AROUND // 2, AROUND // 2))
    spot = (height >= SPECK / 2) & (height >= SPECK_TIMES / 2 * usual)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(spot.astype(np.uint8), connectivity=8)
    sure = np.bincount(labels[(height >= SPECK) & (height >= SPECK_TIMES * usual)], minlength=count)
    sides = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    kept = (sides <= SPECK_SIDE) & (stats[:, cv2.CC_STAT_AREA] <= SPECK_AREA) & (sure > 0)
    kept[0] = False
    return np.asarray(kept[labels], dtype=bool)


def _line(angle: float) -> FloatArray:
    """A kernel that averages along a line through its middle."""
    side, middle, scale = LENGTH + 2, (LENGTH + 1) / 2, 16
    reach = np.array([np.cos(angle), np.sin(angle)]) * (LENGTH - 1) / 2
    drawn = np.zeros((side, side), dtype=np.uint8)
    first, last = (tuple(np.round((middle + sign * reach) * scale).astype(int).tolist()) for sign in (-1, 1))
    cv2.line(drawn, first, last, 255, 1, cv2.LINE_AA, shift=4)
    kernel = drawn.astype(np.float32)
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


def _moved(array: npt.NDArray[np.float32], shift: npt.NDArray[np.float64]) -> FloatArray:
    """What lies `shift` (x, y, px) away from each place."""
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
    size = (array.shape[1], array.shape[0])
    return np.asarray(
        cv2.warpAffine(array, matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                       borderMode=cv2.BORDER_REFLECT_101), dtype=np.float32)  # fmt: skip
