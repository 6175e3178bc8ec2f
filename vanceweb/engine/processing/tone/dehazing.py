"""dehazing: photos without their haze.

Haze adds the colour of the air, and more of it to what is farther away. In a clear photo, almost every small area has a
px that is dark in one of its channels. So the least of the channels tells the amount of haze: He, Sun and Tang, "Single
image haze removal using dark channel prior" (CVPR 2009), with their guided filter along edges (ECCV 2010).
"""

from dataclasses import dataclass

import cv2
import numpy as np

from vanceweb.catalogue.parameters import Params
from vanceweb.engine.processing.image.alpha import get_visible_colours
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.progress import Report
from vanceweb.engine.processing.image.resampling import enlarge_part, shrink
from vanceweb.engine.processing.image.tiles import Tile
from vanceweb.engine.processing.inference.backends import Backend, Slot, Source
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.tone.strips import FloatArray, compute_lightness, run_in_strips

ESTIMATE_SIDE = 600  # px of the copy on which the haze is estimated, the size of the paper's photos
PATCH_SIDE = 15  # px of the area in which the darkest channel is sought, as in the paper
AIR_SHARE = 0.001  # of the px, the haziest, whose mean is the colour of the air
LEAST_AIR = 0.5  # of the brightest colour: air is never darker, so night photos keep their nights
REMOVED_SHARE = 0.95  # of the haze; a trace tells near from far
# A sky looks like haze. If the clearest tenth of a photo has less than this amount, less is removed, down to a share.
CERTAIN_HAZE, LEAST_SHARE = 0.12, 0.5
LEAST_TRANSMISSION = 0.25  # below, noise would be amplified more than four times
FILTER_RADIUS, FILTER_EPSILON = 40, 1e-3  # px and squared lightness of the guided filter
EXTRA_CONTRAST = 0.5  # added to the contrast at the parameter's greatest value
SHADOW_LIGHT = 0.75  # how far the greatest brightness bends the curve of lightness


@dataclass(frozen=True)
class Haze:
    """The haze of a photo: the colour of its air (0..1) and the share of light that passes.

    In each place that share is `slope` x lightness + `base`, arrays of the copy's size. `mean` is the lightness of the
    photo without its haze.
    """

    air: FloatArray
    slope: FloatArray
    base: FloatArray
    mean: float = 0.5

    def remove_from(self, colours: FloatArray, part: Tile, size: tuple[int, int]) -> FloatArray:
        """Return the colours (0..1) of a part of the photo, whose `size` is (height, width) in px, without the haze."""
        slope, base = (enlarge_part(coefficient, size, part) for coefficient in (self.slope, self.base))
        transmission = np.clip(slope * compute_lightness(colours) + base, LEAST_TRANSMISSION, 1)[..., None]
        return np.asarray((colours - self.air) / transmission + self.air, dtype=np.float32)


def remove_haze(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    """Remove the haze.

    `contrast` up to 1 is the share of the haze removed, above it adds contrast; `brightness` 0-100 lightens shadows.
    """
    photo = get_visible_colours(picture)
    contrast = float(params["contrast"])
    haze = _estimate_haze(shrink(photo, ESTIMATE_SIDE), min(contrast, 1.0))
    gain = 1 + max(contrast - 1, 0.0) * EXTRA_CONTRAST
    curve = 1 / (1 + SHADOW_LIGHT * float(params["brightness"]) / 100)

    def clear(colours: FloatArray, strip: Tile) -> FloatArray:
        cleared = haze.remove_from(colours, strip, photo.shape[:2])
        return _brighten(np.clip((cleared - haze.mean) * np.float32(gain) + haze.mean, 0, 1), curve)

    return picture.replace_pixels(run_in_strips(photo, clear, report), picture.alpha).add_backends(DARK_CHANNEL.name)


def _estimate_haze(copy: Pixels, share: float) -> Haze:
    """Estimate the haze on a small copy; `share` 0..1 of it is to be removed."""
    colours = np.asarray(copy.astype(np.float32) / np.float32(255), dtype=np.float32)
    air = _find_air(colours)
    darkest = _find_darkest(np.asarray(colours / air, dtype=np.float32))
    certainty = min(float(np.percentile(darkest, 10)) / CERTAIN_HAZE, 1.0)
    share *= REMOVED_SHARE * (LEAST_SHARE + (1 - LEAST_SHARE) * certainty)
    transmission = np.asarray(1 - share * darkest, dtype=np.float32)
    slope, base = _fit_to_lightness(compute_lightness(colours), transmission)
    size = (copy.shape[0], copy.shape[1])
    clear = Haze(air, slope, base).remove_from(colours, Tile(0, size[0], 0, size[1]), size)
    return Haze(air, slope, base, float(np.clip(compute_lightness(clear), 0, 1).mean()))


def _find_air(colours: FloatArray) -> FloatArray:
    darkest = _find_darkest(colours).ravel()
    count = max(int(darkest.size * AIR_SHARE), 1)
    haziest = np.argpartition(darkest, -count)[-count:]
    air = colours.reshape(-1, 3)[haziest].mean(axis=0)
    return np.asarray(np.maximum(air, max(LEAST_AIR, LEAST_AIR * float(air.max()))), dtype=np.float32)


def _find_darkest(colours: FloatArray) -> FloatArray:
    """Return the darkest channel in the patch around each px."""
    patch = np.ones((PATCH_SIDE, PATCH_SIDE), dtype=np.uint8)
    return np.clip(np.asarray(cv2.erode(colours.min(axis=2), patch), dtype=np.float32), 0, 1)


def _fit_to_lightness(lightness: FloatArray, transmission: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return slope and base of the guided filter, with which the transmission follows the edges of the photo."""
    side = 2 * FILTER_RADIUS + 1

    def average(values: FloatArray) -> FloatArray:
        return np.asarray(cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT), dtype=np.float32)

    mean, aim = average(lightness), average(transmission)
    variance = average(lightness * lightness) - mean * mean
    covariance = average(lightness * transmission) - mean * aim
    slope = np.asarray(covariance / (variance + FILTER_EPSILON), dtype=np.float32)
    return average(slope), average(aim - slope * mean)


def _brighten(colours: FloatArray, curve: float) -> FloatArray:
    """Raise the lightness to the power of `curve` without a change of the ratio of the channels."""
    lightness = np.maximum(compute_lightness(colours), np.float32(1e-4))
    return np.asarray(colours * (lightness ** np.float32(curve - 1))[..., None], dtype=np.float32)


DARK_CHANNEL = Backend(name="dark channel (OpenCV)", source=Source.NONE, licence="Apache-2.0", run=remove_haze)
HAZE = Slot("haze", ("dehazing",), (DARK_CHANNEL,))
