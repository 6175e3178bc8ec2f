"""Neighbouring shades joined to flat areas, with their borders kept.

Xu, Lu, Xu and Jia, "Image smoothing via L0 gradient minimization" (2011). OpenCV has it (`ximgproc.l0Smooth`), but its
result is off by tens of levels along the first rows and columns, and it writes into its input. Here the linear system
is solved by cosine transforms, which also takes the picture for mirrored at its sides instead of repeated.
"""

import cv2
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
RATE = 2.6  # by which the smoothing's weight grows; the paper's 2 takes a third longer for the same areas
MOST = 1e4  # the weight at which nothing moves any more


def flattened(colours: FloatArray, flatness: float) -> FloatArray:
    """`colours` (height x width x 3, 0..1) as flat areas; `flatness` is the paper's lambda, from 0: none, to 0.05."""
    if not flatness:
        return colours
    height, width = colours.shape[:2]
    # The transform is fast for these sizes, and wants even ones.
    more = [2 * cv2.getOptimalDFTSize((side + 1) // 2) - side for side in (height, width)]
    given = np.pad(colours, ((0, more[0]), (0, more[1]), (0, 0)), mode="edge")
    inertia = _inertia(*given.shape[:2])
    result = given
    weight = 2 * flatness
    while weight < MOST:
        result = _solved(given, *_steps(result, flatness / weight), inertia, weight)
        weight *= RATE
    return np.clip(result[:height, :width], 0, 1)


def _steps(colours: FloatArray, least: float) -> tuple[FloatArray, FloatArray]:
    """The differences to the px at the right and below, but only where their squares are worth a border."""
    right, down = np.zeros_like(colours), np.zeros_like(colours)
    np.subtract(colours[:, 1:], colours[:, :-1], out=right[:, :-1])
    np.subtract(colours[1:], colours[:-1], out=down[:-1])
    none = (right * right + down * down).sum(axis=2) < least
    right[none] = 0
    down[none] = 0
    return right, down


def _solved(given: FloatArray, right: FloatArray, down: FloatArray, inertia: FloatArray, weight: float) -> FloatArray:
    """The picture nearest to `given` and, `weight` times as much, to these differences."""
    pull = -right - down
    pull[:, 1:] += right[:, :-1]
    pull[1:] += down[:-1]
    wanted = given + np.float32(weight) * pull
    divisor = 1 + np.float32(weight) * inertia
    channels = [cv2.idct(cv2.dct(np.ascontiguousarray(wanted[..., c])) / divisor) for c in range(3)]
    return np.asarray(np.dstack(channels), dtype=np.float32)


def _inertia(height: int, width: int) -> FloatArray:
    """What taking differences twice multiplies each cosine of the transform by."""
    rows, columns = (2 - 2 * np.cos(np.pi * np.arange(side) / side) for side in (height, width))
    return np.asarray(rows[:, None] + columns[None, :], dtype=np.float32)
