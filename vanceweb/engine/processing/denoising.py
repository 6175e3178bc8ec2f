"""denoise: noise of a measured strength removed by SRMD, then edges made steeper.

SRMD is told the strength of the noise and gives a picture twice as large and clean; averaged back to the size of the
input it is at σ = 20 as good as BM3D in a tenth of the time.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vanceweb.catalogue.parameters import ParameterValue
from vanceweb.engine.processing.alpha import fill_hidden
from vanceweb.engine.processing.arrays import Planes, centre
from vanceweb.engine.processing.models import Models
from vanceweb.engine.processing.noise import estimate_noise
from vanceweb.engine.processing.picture import Picture
from vanceweb.engine.processing.sharpening import sharpen
from vanceweb.engine.processing.tiles import Report, tiled

BACKEND = "srmd (ncnn)"
BORDER = 16  # px: SRMD's 12 and the sharpening's blur
SIDE = 352  # px of a tile: 128 channels of it are 75 MB
SRMD_MOST = 75.0  # levels; what SRMD was trained up to
CLEAN = 0.6  # levels of noise below which there is nothing to remove
FULL_FROM = 10.0  # remove_noise from which the network's answer is taken whole
NEUTRAL = 75.0  # remove_noise at which just the measured noise is removed, and a little more
EXTRA = 10.0  # levels more than measured at remove_noise=100
SHARPEN_MOST, SHARPEN_SIGMA = 1.5, 1.0
AUTO_SHARPEN = 8.0
# The 15 planes that tell SRMD how the input was shrunk: the coefficients, in the basis of its training, of the narrow
# kernel that fits input which was not blurred. From the ncnn port of SRMD (nihui/srmd-ncnn-vulkan).
KERNEL = np.array(
    [-1.1236e-8, -1.369e-8, 0.0185637958, 2.86e-8, 0.0335292965, 8.37e-8, -2.54e-7, -0.0316234976, -0.0135169253,
     -1.1e-8, 0.0384753793, 3.79e-8, -0.244916752, -0.80221349, -0.540549755], dtype=np.float32,
)  # fmt: skip


@dataclass(frozen=True)
class Strength:
    """What is done: `sigma` in levels told to the network, `share` of its answer taken, `sharpen` 0-100."""

    sigma: float
    share: float
    sharpen: float


def denoise(picture: Picture, params: Mapping[str, ParameterValue], models: Models, report: Report) -> Picture:
    """`auto_params` chooses from the picture; else `remove_noise` and `sharpen`, 0-100. Raises `WeightsMissing`."""
    colours = picture.colours if picture.alpha is None else fill_hidden(picture.colours, picture.alpha)
    strength = choose_strength(params, estimate_noise(colours))
    amount = SHARPEN_MOST * strength.sharpen / 100
    if not strength.share and not amount:
        report(1.0)
        return picture

    def apply(planes: Planes) -> Planes:
        return sharpen(_cleaned(planes, strength, models), amount, SHARPEN_SIGMA)

    return picture.with_pixels(tiled(colours, apply, border=BORDER, side=SIDE, report=report), picture.alpha)


def choose_strength(params: Mapping[str, ParameterValue], measured: float) -> Strength:
    """From the parameters and the noise measured in the picture, in levels.

    `remove_noise` is relative to what was measured, so that the same setting suits pictures of different noise: 75
    removes it, less leaves some, more removes fine structure too.
    """
    if params["auto_params"]:
        if measured < CLEAN:
            return Strength(0, 0, AUTO_SHARPEN)
        return Strength(min(measured, SRMD_MOST), 1, AUTO_SHARPEN)
    wanted = float(params["remove_noise"])
    sigma = measured * wanted / NEUTRAL + EXTRA * (wanted / 100) ** 2
    return Strength(min(sigma, SRMD_MOST), min(wanted / FULL_FROM, 1), float(params["sharpen"]))


def _cleaned(planes: Planes, strength: Strength, models: Models) -> Planes:
    """The tile without its noise, less SRMD's border; untouched where the share is 0."""
    if not strength.share:
        return planes
    height, width = planes.shape[1:]
    known = np.empty((19, height, width), dtype=np.float32)
    known[:3] = planes
    known[3:18] = KERNEL[:, None, None]
    known[18] = strength.sigma / 255
    large = np.clip(models.ncnn("srmd-x2").run(known), 0, 1)
    clean = large.reshape(3, large.shape[1] // 2, 2, large.shape[2] // 2, 2).mean(axis=(2, 4))
    kept = centre(planes, clean.shape[1], clean.shape[2])
    return np.asarray(kept + np.float32(strength.share) * (clean - kept), dtype=np.float32)
