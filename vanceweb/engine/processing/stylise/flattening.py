"""Smoothing that joins neighbouring shades into flat areas and keeps their borders.

Xu, Lu, Xu and Jia, "Image smoothing via L0 gradient minimization" (2011). OpenCV has it (`ximgproc.l0Smooth`), but its
result is off by tens of levels along the first rows and columns, and it overwrites its input. Here cosine transforms
solve the linear system; they treat the picture as mirrored at its sides, not as repeated.
"""

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.image.progress import Report, ignore_progress, report_each

FloatArray = npt.NDArray[np.float32]
WEIGHT_GROWTH = 2.6  # the factor for each round; the paper's 2 takes a third longer for the same areas
MAX_WEIGHT = 1e4  # the weight at which nothing changes any more


def flatten(colours: FloatArray, flatness: float, report: Report = ignore_progress) -> FloatArray:
    """Reduce `colours` (height x width x 3, 0..1) to flat areas; `flatness` is the paper's lambda, 0 (off) to 0.05.

    `report` gets the fraction done after each round.
    """
    if not flatness:
        return colours
    height, width = colours.shape[:2]
    # The transform is fast for these sizes and needs even ones.
    padding = [2 * cv2.getOptimalDFTSize((side + 1) // 2) - side for side in (height, width)]
    given = np.pad(colours, ((0, padding[0]), (0, padding[1]), (0, 0)), mode="edge")
    laplacian = _build_laplacian(*given.shape[:2])
    result = given
    for weight in report_each(list(_generate_weights(flatness)), report):
        result = _solve(given, *_find_borders(result, flatness / weight), laplacian, weight)
    return np.clip(result[:height, :width], 0, 1)


def _generate_weights(flatness: float) -> Iterator[float]:
    weight = 2 * flatness
    while weight < MAX_WEIGHT:
        yield weight
        weight *= WEIGHT_GROWTH


def _find_borders(colours: FloatArray, least: float) -> tuple[FloatArray, FloatArray]:
    """Return the differences to the px to the right and below, or 0 where their squares are below `least`."""
    right, down = np.zeros_like(colours), np.zeros_like(colours)
    np.subtract(colours[:, 1:], colours[:, :-1], out=right[:, :-1])
    np.subtract(colours[1:], colours[:-1], out=down[:-1])
    faint = (right * right + down * down).sum(axis=2) < least
    right[faint] = 0
    down[faint] = 0
    return right, down


def _solve(given: FloatArray, right: FloatArray, down: FloatArray, laplacian: FloatArray, weight: float) -> FloatArray:
    """Return the picture closest to `given` and, with `weight`, to these differences."""
    pull = -right - down
    pull[:, 1:] += right[:, :-1]
    pull[1:] += down[:-1]
    target = given + np.float32(weight) * pull
    divisor = 1 + np.float32(weight) * laplacian
    channels = [cv2.idct(cv2.dct(np.ascontiguousarray(target[..., c])) / divisor) for c in range(3)]
    return np.asarray(np.dstack(channels), dtype=np.float32)


def _build_laplacian(height: int, width: int) -> FloatArray:
    """Return the factor that the negative Laplacian applies to each cosine of the transform."""
    rows, columns = (2 - 2 * np.cos(np.pi * np.arange(side) / side) for side in (height, width))
    return np.asarray(rows[:, None] + columns[None, :], dtype=np.float32)
