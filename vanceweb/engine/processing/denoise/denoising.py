"""Removal of noise of a measured strength by SRMD, followed by sharpening (denoise).

SRMD takes the strength of the noise and returns a clean picture of twice the size. Averaged back to the size of the
input, at σ = 20 it is as good as BM3D in a tenth of the time.
"""

from dataclasses import dataclass

import numpy as np

from vanceweb.catalogue.parameters import Params
from vanceweb.engine.processing.analysis.noise import estimate_noise
from vanceweb.engine.processing.denoise import weights
from vanceweb.engine.processing.image.alpha import get_visible_colours
from vanceweb.engine.processing.image.arrays import Planes, crop_centre
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.progress import Report, ignore_progress
from vanceweb.engine.processing.image.tiles import run_tiled
from vanceweb.engine.processing.image.unsharp_mask import sharpen
from vanceweb.engine.processing.inference.backends import Backend, Slot, Source
from vanceweb.engine.processing.inference.ncnn_networks import NcnnNetwork
from vanceweb.engine.processing.inference.registry import NetworkRegistry

SRMD_X2 = NcnnNetwork(weights.SRMD_X2, "input", "output", scale=2, border=12)
BORDER = 16  # px: SRMD's 12 and the sharpening's blur
TILE_SIDE = 352  # px of a tile; 128 channels of it take 75 MB
MAX_SIGMA = 75.0  # levels; the strongest noise in SRMD's training
MIN_NOISE = 0.6  # levels of noise below which there is nothing to remove
MIN_SIGMA = 1.5  # levels; the least that SRMD is given: given less noise than there is, it makes the noise stronger
NEUTRAL_REMOVAL = 60.0  # remove_noise at which exactly the measured noise is removed
EXTRA_SHARE, EXTRA_LEVELS = 0.4, 8.0  # at remove_noise=100: share of the measured noise, and levels, removed beyond it
MAX_SHARPENING, SHARPENING_SIGMA = 1.5, 1.0  # at sharpen=100
AUTO_SHARPENING = 8.0  # for a picture without noise; less with noise, because sharpening brings noise back
AUTO_SHARPENING_HALF = 3.0  # levels of noise at which it is halved
# The 15 planes that tell SRMD how the input was shrunk: the coefficients, in the basis of its training, of the narrow
# kernel that fits unblurred input. From the ncnn port of SRMD (nihui/srmd-ncnn-vulkan).
SRMD_KERNEL = np.array(
    [-1.1236e-8, -1.369e-8, 0.0185637958, 2.86e-8, 0.0335292965, 8.37e-8, -2.54e-7, -0.0316234976, -0.0135169253,
     -1.1e-8, 0.0384753793, 3.79e-8, -0.244916752, -0.80221349, -0.540549755], dtype=np.float32,
)  # fmt: skip


@dataclass(frozen=True)
class Strength:
    """The strength of noise removal and sharpening.

    `sigma` is the noise in levels that SRMD is given, `share` the part of its output that is used, 0..1; `sharpening`
    is 0-100.
    """

    sigma: float
    share: float
    sharpening: float


def denoise(
    picture: Picture,
    params: Params,
    networks: NetworkRegistry,
    report: Report,
    *,
    tile_side: int = TILE_SIDE,
) -> Picture:
    """Remove noise from a picture and sharpen it, with strengths chosen by `auto_params` or given.

    The given strengths are `remove_noise` and `sharpen`, 0-100. `tile_side` is in px. Raise `WeightsMissing`.
    """
    colours = get_visible_colours(picture)
    strength = choose_strength(params, estimate_noise(colours))
    amount = MAX_SHARPENING * strength.sharpening / 100
    if not strength.share and not amount:
        report(1.0)
        return picture.add_backends(SRMD.name)

    def denoise_tile(planes: Planes, report: Report) -> Planes:
        return sharpen(remove_noise(planes, strength.sigma, strength.share, networks, report), amount, SHARPENING_SIGMA)

    clean = run_tiled(colours, denoise_tile, border=BORDER, side=tile_side, report=report)
    return picture.replace_pixels(clean, picture.alpha).add_backends(SRMD.name)


def choose_strength(params: Params, measured: float) -> Strength:
    """Return the strength for these parameters and the noise measured in the picture, in levels.

    `remove_noise` is relative to the measured noise, so that one setting suits pictures of different noise: up to 60 it
    sets the share of the noise to remove, above 60 it removes fine structure too.
    """
    if params["auto_params"]:
        sharpening = AUTO_SHARPENING / (1 + measured / AUTO_SHARPENING_HALF)
        return Strength(min(measured, MAX_SIGMA), float(measured >= MIN_NOISE), sharpening)
    removal = float(params["remove_noise"])
    extra = max(removal - NEUTRAL_REMOVAL, 0) / (100 - NEUTRAL_REMOVAL)
    sigma = max(measured, MIN_SIGMA) + (EXTRA_SHARE * measured + EXTRA_LEVELS) * extra**2
    return Strength(min(sigma, MAX_SIGMA), min(removal / NEUTRAL_REMOVAL, 1), float(params["sharpen"]))


def remove_noise(
    planes: Planes, sigma: float, share: float, networks: NetworkRegistry, report: Report = ignore_progress
) -> Planes:
    """Return the tile with the `share` 0..1 of its noise of `sigma` levels removed, without SRMD's border.

    With a share of 0, return the tile unchanged.
    """
    if not share:
        return planes
    height, width = planes.shape[1:]
    channels = np.empty((19, height, width), dtype=np.float32)
    channels[:3] = planes
    channels[3:18] = SRMD_KERNEL[:, None, None]
    channels[18] = sigma / 255
    large = np.clip(networks.load_ncnn(SRMD_X2).run(channels, report), 0, 1)
    clean = large.reshape(3, large.shape[1] // 2, 2, large.shape[2] // 2, 2).mean(axis=(2, 4))
    noisy = crop_centre(planes, clean.shape[1], clean.shape[2])
    return np.asarray(noisy + np.float32(share) * (clean - noisy), dtype=np.float32)


SRMD = Backend(
    name="srmd (ncnn)",
    source=Source.SET_UP,
    licence="BSD-3-Clause, MIT",
    run=remove_noise,
    weights=(weights.SRMD_X2,),
)
NOISE = Slot("noise", ("denoise", "enlarge3", "sharpen3", "img2sr"), (SRMD,))
