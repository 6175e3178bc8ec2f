"""perfect: photos with better light, contrast and colours.

Everything is measured on a small copy and applied in moderation: a photo that is right already hardly changes.
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
from vanceweb.engine.processing.tone.strips import FloatArray, run_in_strips

MEASURE_SIDE = 512  # px of the copy that is measured
CLIPPED_SHARE = 0.3  # per cent of the px that may become black, and as many white
HIGHEST_BLACK, LOWEST_WHITE = 14.0, 78.0  # L (0..100) that become black and white at most
AIMED_MEDIAN, MEDIAN_SHARE = 52.0, 0.6  # L of the middle px, and how far the photo's is moved there
LEAST_CURVE, GREATEST_CURVE = 0.65, 1.25  # powers of the curve through black, middle and white
BALANCE_NORM, BALANCE_SHARE, LARGEST_GAIN = 6, 0.6, 1.15  # shades of grey; the share corrected; the channels' limit
CLARITY, CLARITY_REACH = 0.2, 0.04  # of the local contrast added, and its reach in longer sides
VIBRANCE, VIVID_CHROMA = 0.18, 45.0  # added to weak colours, and the chroma at which a third of it is left


@dataclass(frozen=True)
class Correction:
    """A photo's correction: gains of the channels, L of black and white, the power of the curve between them, and the
    surroundings' L (a small array) that local contrast is measured against.
    """

    gains: FloatArray
    black: float
    white: float
    curve: float
    surroundings: FloatArray

    def apply_to(self, colours: FloatArray, part: Tile, size: tuple[int, int]) -> FloatArray:
        """Return the corrected colours (0..1) of a part of the photo, whose `size` is (height, width) in px."""
        lab = np.asarray(cv2.cvtColor(np.clip(colours * self.gains, 0, 1), cv2.COLOR_RGB2LAB), dtype=np.float32)
        detail = lab[..., 0] - enlarge_part(self.surroundings, size, part)
        share = (lab[..., 0] + np.float32(CLARITY) * detail - self.black) / np.float32(self.white - self.black)
        lab[..., 0] = 100 * np.clip(share, 0, 1) ** np.float32(self.curve)
        chroma = np.hypot(lab[..., 1], lab[..., 2])
        lab[..., 1:] *= (1 + np.float32(VIBRANCE) * np.exp(-chroma / np.float32(VIVID_CHROMA)))[..., None]
        return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), dtype=np.float32)


def retouch(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    """Correct white balance, exposure, contrast and weak colours. No parameters."""
    photo = get_visible_colours(picture)
    correction = _measure(shrink(photo, MEASURE_SIDE))
    size = (picture.height, picture.width)
    result = run_in_strips(photo, lambda colours, strip: correction.apply_to(colours, strip, size), report)
    if picture.grey:  # the conversions round each channel for itself
        result[..., 0] = result[..., 2] = result[..., 1]
    return picture.replace_pixels(result, picture.alpha).add_backends(TONE_CURVES.name)


def _measure(copy: Pixels) -> Correction:
    colours = np.asarray(copy.astype(np.float32) / np.float32(255), dtype=np.float32)
    gains = _compute_white_balance(colours)
    lightness = cv2.cvtColor(np.clip(colours * gains, 0, 1), cv2.COLOR_RGB2LAB)[..., 0]
    low, middle, high = np.percentile(lightness, (CLIPPED_SHARE, 50, 100 - CLIPPED_SHARE))
    black, white = min(float(low), HIGHEST_BLACK), max(float(high), LOWEST_WHITE)
    place = float(np.clip((middle - black) / (white - black), 0.02, 0.98))
    aim = place + MEDIAN_SHARE * (AIMED_MEDIAN / 100 - place)
    curve = float(np.clip(np.log(aim) / np.log(place), LEAST_CURVE, GREATEST_CURVE))
    deviation = max(CLARITY_REACH * max(lightness.shape), 0.5)
    surroundings = cv2.GaussianBlur(lightness, (0, 0), deviation)
    return Correction(gains, black, white, curve, np.asarray(surroundings, dtype=np.float32))


def _compute_white_balance(colours: FloatArray) -> FloatArray:
    """Return the gains of the channels: Finlayson and Trezzi, "Shades of gray and colour constancy" (CIC 2004)."""
    norms = (colours.reshape(-1, 3) ** BALANCE_NORM).mean(axis=0) ** (1 / BALANCE_NORM)
    gains = (norms.mean() / np.maximum(norms, 1e-3)) ** BALANCE_SHARE
    return np.asarray(np.clip(gains, 1 / LARGEST_GAIN, LARGEST_GAIN), dtype=np.float32)


TONE_CURVES = Backend(name="tone curves (OpenCV)", source=Source.NONE, licence="Apache-2.0", run=retouch)
TONE = Slot("tone", ("perfect",), (TONE_CURVES,))
