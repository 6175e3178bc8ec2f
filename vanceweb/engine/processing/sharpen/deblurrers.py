"""What undoes blur: networks, and deconvolution without one.

The network of this repository reads the blur's shape from the picture. Without a network little is done against motion,
whose course is not known: an ellipse along its direction, whose few rounds were hardly ever seen to hurt.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from vanceweb.engine.processing.analysis.blur_shape import Blur
from vanceweb.engine.processing.image.arrays import Planes
from vanceweb.engine.processing.inference.backends import OWN_LICENCE, Backend, Slot, Source
from vanceweb.engine.processing.inference.interfaces import Interface
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.sharpen.deconvolution import deconvolved

Deblur = Callable[[Planes], Planes]

ROUNDS, ROUNDS_LONG = 30, 3  # of deconvolution, without noise: of round blur, and of what may be motion
LONGER = 1.3  # times as long as measured: edges in the shadow of others make motion seem shorter than it was
ROUND_WIDTH = 1.05  # times the width across: less than the blur's, so that what is motion after all is not made worse
NOISE_HALF = 1.0  # levels of noise at which half as many are made
OPTICS = 0.5  # px of blur that belong to any sharp photo and stay
NARROWEST, WIDEST = 0.5, 4.5  # px that are deconvolved; one that is asked to sharpen a sharp picture takes the first
BORDER, TILE_SIDE = 32, 448  # px of tiles; the network reads the blur the better the larger they are
NAFNET_MULTIPLE = 8  # px


@dataclass(frozen=True)
class Deblurrer:
    """A backend's way over tiles of `side` px with `border` px around them.

    `knows_wear`: it has been taught on noisy and compressed pictures too.
    """

    name: str
    border: int
    side: int
    apply: Deblur
    knows_wear: bool = False


def network(networks: NetworkRegistry) -> Deblurrer | None:
    """The preferred network; None where there is none."""
    backend = networks.choose(DEBLUR)
    return None if backend is DECONVOLUTION else backend.run(networks)


def deconvolution(blur: Blur, long: bool, noise: float) -> Deblurrer:
    """Deconvolution by the measured blur, along its direction (`long`) or round; less of it with `noise`, in levels."""
    if long:
        known, most = replace(blur, along=_within(LONGER * blur.along), across=NARROWEST), ROUNDS_LONG
    else:
        seen = min(blur.softness, ROUND_WIDTH * blur.across)
        width = _within(max(seen**2 - OPTICS**2, 0) ** 0.5)
        known, most = Blur(width, width, 0.0), ROUNDS
    rounds = max(round(most / (1 + noise / NOISE_HALF)), 2)
    return Deblurrer(DECONVOLUTION.name, BORDER, TILE_SIDE, lambda planes: deconvolved(planes, known, rounds))


def _within(width: float) -> float:
    return min(max(width, NARROWEST), WIDEST)


def _nafnet(networks: NetworkRegistry) -> Deblurrer:
    """The repository's own network: planes as they are, sides multiples of 8."""
    session = networks.load_onnx(NAFNET)

    def apply(planes: Planes) -> Planes:
        filled = _filled(planes, *(side + -side % NAFNET_MULTIPLE for side in planes.shape[1:]))
        return np.asarray(session.run(filled[None])[0][:, : planes.shape[1], : planes.shape[2]])

    return Deblurrer(NAFNET.name, BORDER, TILE_SIDE, apply, knows_wear=True)


def _filled(planes: Planes, height: int, width: int) -> Planes:
    """The planes with their last rows and columns repeated up to this size."""
    more = (0, 0), (0, height - planes.shape[1]), (0, width - planes.shape[2])
    return np.pad(planes, more, mode="edge")


NAFNET = Backend(
    name="deblurring network of vanceweb (onnxruntime)",
    source=Source.SHIPPED,
    licence=OWN_LICENCE,
    run=_nafnet,
    own_files=("deblurring.onnx",),
    interface=Interface(
        inputs=((1, 3, None, None),), outputs=((1, 3, None, None),), probe=((1, 3, 64, 64),), gives=(1, 3, 64, 64)
    ),
)
DECONVOLUTION = Backend(name="richardson-lucy", source=Source.NONE, licence=OWN_LICENCE, run=deconvolution)
DEBLUR: Slot[Callable[..., Deblurrer]] = Slot("deblur", ("sharpen3",), (NAFNET, DECONVOLUTION))
