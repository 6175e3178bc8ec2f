"""Backends that remove blur: networks, and deconvolution without weights.

The network of this repository reads the shape of the blur from the picture. Deconvolution does little against motion,
because the path of the motion is unknown: it assumes an ellipse along the direction of the motion, and stops after a
few iterations, which hardly ever made a picture worse.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from vanceweb.engine.processing.analysis.blur_shape import Blur
from vanceweb.engine.processing.image.arrays import Planes
from vanceweb.engine.processing.image.progress import Report
from vanceweb.engine.processing.image.tiles import TileWork
from vanceweb.engine.processing.inference.backends import OWN_LICENCE, Backend, Slot, Source
from vanceweb.engine.processing.inference.interfaces import Interface
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.sharpen.deconvolution import deconvolve

ITERATIONS, DIRECTIONAL_ITERATIONS = 30, 3  # of deconvolution without noise: for round blur, and for possible motion
HALVING_NOISE = 1.0  # levels of noise at which the iterations are halved
LENGTH_FACTOR = 1.3  # on the measured length: edges close to others make motion seem shorter than it is
WIDTH_FACTOR = 1.05  # on the width across: limits round blur, so that motion taken for it doesn't get worse
OPTICAL_BLUR = 0.5  # px of blur that any sharp photo has and keeps
MIN_WIDTH, MAX_WIDTH = 0.5, 4.5  # px of blur to deconvolve; a sharp picture is sharpened by the first
BORDER, TILE_SIDE = 32, 448  # px; the network reads the blur better from larger tiles
NAFNET_MULTIPLE = 8  # px


@dataclass(frozen=True)
class Deblurrer:
    """A function that removes blur from tiles of `side` px with `border` px around them, and its backend's name.

    `handles_degradation`: it was trained on noisy and compressed pictures too.
    """

    name: str
    border: int
    side: int
    apply: TileWork
    handles_degradation: bool = False


def load_deblurring_network(networks: NetworkRegistry) -> Deblurrer | None:
    """Return the preferred network, or None if there is none."""
    backend = networks.choose(DEBLUR)
    return None if backend is DECONVOLUTION else backend.run(networks)


def build_deconvolution(blur: Blur, directional: bool, noise: float) -> Deblurrer:
    """Return deconvolution by the measured blur, along its direction (`directional`) or round.

    The more `noise` there is, in levels, the fewer iterations it makes.
    """
    if directional:
        assumed = replace(blur, along=_clamp_width(LENGTH_FACTOR * blur.along), across=MIN_WIDTH)
        most = DIRECTIONAL_ITERATIONS
    else:
        measured = min(blur.softness, WIDTH_FACTOR * blur.across)
        width = _clamp_width(max(measured**2 - OPTICAL_BLUR**2, 0) ** 0.5)
        assumed, most = Blur(width, width, 0.0), ITERATIONS
    iterations = max(round(most / (1 + noise / HALVING_NOISE)), 2)

    def apply(planes: Planes, report: Report) -> Planes:
        return deconvolve(planes, assumed, iterations, report)

    return Deblurrer(DECONVOLUTION.name, BORDER, TILE_SIDE, apply)


def _clamp_width(width: float) -> float:
    return min(max(width, MIN_WIDTH), MAX_WIDTH)


def _load_nafnet(networks: NetworkRegistry) -> Deblurrer:
    """Return the repository's own network, which takes planes of 0..1 whose sides are multiples of 8."""
    session = networks.load_onnx(NAFNET)

    def run_nafnet(planes: Planes, report: Report) -> Planes:
        padded = _pad(planes, *(side + -side % NAFNET_MULTIPLE for side in planes.shape[1:]))
        return np.asarray(session.run(padded[None])[0][:, : planes.shape[1], : planes.shape[2]])

    return Deblurrer(NAFNET.name, BORDER, TILE_SIDE, run_nafnet, handles_degradation=True)


def _pad(planes: Planes, height: int, width: int) -> Planes:
    """Return the planes padded to this size by repeating the last row and column."""
    missing = (0, 0), (0, height - planes.shape[1]), (0, width - planes.shape[2])
    return np.pad(planes, missing, mode="edge")


NAFNET = Backend(
    name="deblurring network of vanceweb (onnxruntime)",
    source=Source.SHIPPED,
    licence=OWN_LICENCE,
    run=_load_nafnet,
    own_files=("deblurring.onnx",),
    interface=Interface(
        inputs=((1, 3, None, None),), outputs=((1, 3, None, None),), probe=((1, 3, 64, 64),), result=(1, 3, 64, 64)
    ),
)
DECONVOLUTION = Backend(name="richardson-lucy", source=Source.NONE, licence=OWN_LICENCE, run=build_deconvolution)
DEBLUR: Slot[Callable[..., Deblurrer]] = Slot("deblur", ("sharpen3", "img2sr"), (NAFNET, DECONVOLUTION))
