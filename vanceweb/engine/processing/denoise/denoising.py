"""denoise: noise of a measured strength removed by SRMD, then edges made steeper.

SRMD is told the strength of the noise and gives a picture twice as large and clean; averaged back to the size of the
input it is at σ = 20 as good as BM3D in a tenth of the time.
"""

from dataclasses import dataclass

import numpy as np

from vanceweb.catalogue.parameters import Params
from vanceweb.engine.processing.analysis.noise import estimate_noise
from vanceweb.engine.processing.denoise import weights
from vanceweb.engine.processing.image.alpha import get_visible_colours
from vanceweb.engine.processing.image.arrays import Planes, crop_centre
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.tiles import Report, run_tiled
from vanceweb.engine.processing.image.unsharp_mask import sharpen
from vanceweb.engine.processing.inference.backends import Backend, Slot, Source
from vanceweb.engine.processing.inference.ncnn_networks import NcnnNetwork
from vanceweb.engine.processing.inference.registry import NetworkRegistry

SRMD_X2 = NcnnNetwork(weights.SRMD_X2, "input", "output", scale=2, border=12)
BORDER = 16  # px: SRMD's 12 and the sharpening's blur
TILE_SIDE = 352  # px of a tile: 128 channels of it are 75 MB
SRMD_MOST = 75.0  # levels; what SRMD was trained up to
CLEAN = 0.6  # levels of noise below which there is nothing to remove
LEAST = 1.5  # levels the network is told at least: told less than there is, it makes the noise stronger
NEUTRAL = 60.0  # remove_noise at which just the measured noise is removed
MORE_SHARE, MORE_LEVELS = 0.4, 8.0  # by how much of the measured noise, and levels, the most exceeds it
SHARPEN_MOST, SHARPEN_SIGMA = 1.5, 1.0  # at sharpen=100
AUTO_SHARPEN = 8.0  # for a picture without noise; less with noise, which sharpening brings back
AUTO_SHARPEN_HALF = 3.0  # levels of noise at which it is half of that
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


def denoise(
    picture: Picture,
    params: Params,
    networks: NetworkRegistry,
    report: Report,
    *,
    tile_side: int = TILE_SIDE,
) -> Picture:
    """`auto_params` chooses from the picture; else `remove_noise` and `sharpen`, 0-100. Raises `WeightsMissing`."""
    colours = get_visible_colours(picture)
    strength = choose_strength(params, estimate_noise(colours))
    amount = SHARPEN_MOST * strength.sharpen / 100
    if not strength.share and not amount:
        report(1.0)
        return picture.add_backends(SRMD.name)

    def apply(planes: Planes) -> Planes:
        return sharpen(remove_noise(planes, strength.sigma, strength.share, networks), amount, SHARPEN_SIGMA)

    clean = run_tiled(colours, apply, border=BORDER, side=tile_side, report=report)
    return picture.replace_pixels(clean, picture.alpha).add_backends(SRMD.name)


def choose_strength(params: Params, measured: float) -> Strength:
    """From the parameters and the noise measured in the picture, in levels.

    `remove_noise` is relative to what was measured, so that the same setting suits pictures of different noise: up to
    60 it is the share of the noise that goes, beyond it fine structure goes too.
    """
    if params["auto_params"]:
        sharpness = AUTO_SHARPEN / (1 + measured / AUTO_SHARPEN_HALF)
        return Strength(min(measured, SRMD_MOST), float(measured >= CLEAN), sharpness)
    wanted = float(params["remove_noise"])
    beyond = max(wanted - NEUTRAL, 0) / (100 - NEUTRAL)
    sigma = max(measured, LEAST) + (MORE_SHARE * measured + MORE_LEVELS) * beyond**2
    return Strength(min(sigma, SRMD_MOST), min(wanted / NEUTRAL, 1), float(params["sharpen"]))


def remove_noise(planes: Planes, sigma: float, share: float, networks: NetworkRegistry) -> Planes:
    """The tile less noise of `sigma` levels, of which only the `share` 0..1 is taken away, and less SRMD's border.

    Untouched where the share is 0.
    """
    if not share:
        return planes
    height, width = planes.shape[1:]
    known = np.empty((19, height, width), dtype=np.float32)
    known[:3] = planes
    known[3:18] = KERNEL[:, None, None]
    known[18] = sigma / 255
    large = np.clip(networks.load_ncnn(SRMD_X2).run(known), 0, 1)
    clean = large.reshape(3, large.shape[1] // 2, 2, large.shape[2] // 2, 2).mean(axis=(2, 4))
    kept = crop_centre(planes, clean.shape[1], clean.shape[2])
    return np.asarray(kept + np.float32(share) * (clean - kept), dtype=np.float32)


SRMD = Backend(
    name="srmd (ncnn)",
    source=Source.SET_UP,
    licence="BSD-3-Clause, MIT",
    run=remove_noise,
    weights=(weights.SRMD_X2,),
)
NOISE = Slot("noise", ("denoise", "enlarge3", "sharpen3"), (SRMD,))
