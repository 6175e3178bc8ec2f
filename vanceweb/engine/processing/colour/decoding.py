"""From the chances of colours to colours: px of one thing vote together, so that it doesn't fall into patches."""

import cv2
import numpy as np

from vanceweb.engine.processing.image.resampling import FloatArray

# Min et al., "Fast global image smoothing" (2014): how far a vote reaches, and the levels of L that stop it.
REACH, EDGE = 300.0, 6.0
TEMPERATURE = 0.8  # of the decoding: the mean colour at 1, the likeliest near 0
GAIN = 1.65  # on the decoded colours: a mean over possible colours is paler than each of them
TINY = 1e-9


def vote(values: FloatArray, light: FloatArray) -> FloatArray:
    """`values` (height x width x any) smoothed across what `light` (L at that size, height x width) shows as one."""
    guide = np.clip(light * 2.55 + 0.5, 0, 255).astype(np.uint8)
    if min(guide.shape) < 2:
        return values
    smoother = cv2.ximgproc.createFastGlobalSmootherFilter(guide, REACH, EDGE)
    result = np.empty_like(values)
    for first in range(0, values.shape[2], 4):
        part = np.ascontiguousarray(values[:, :, first : first + 4])
        result[:, :, first : first + 4] = smoother.filter(part).reshape(part.shape)
    return result


def decode(chances: FloatArray, bins: FloatArray) -> FloatArray:
    """ab (height x width x 2) of chances (height x width x bins): the annealed mean of Zhang et al. 2016."""
    sharper = np.maximum(chances, TINY) ** np.float32(1 / TEMPERATURE)
    sharper /= sharper.sum(axis=2, keepdims=True)
    return np.asarray(sharper @ bins * np.float32(GAIN), dtype=np.float32)
