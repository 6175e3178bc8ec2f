"""What undoes blur: networks, and deconvolution without one.

The network of this repository reads the blur's shape from the picture. Without a network little is done against motion,
whose course is not known: an ellipse along its direction, whose few rounds were hardly ever seen to hurt.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from vanceweb.engine.processing.arrays import Planes
from vanceweb.engine.processing.backends import DECONVOLUTION, MAXIM, NAFNET, backends_of
from vanceweb.engine.processing.blur_shape import Blur
from vanceweb.engine.processing.deconvolution import deconvolved
from vanceweb.engine.processing.models import Models
from vanceweb.engine.processing.sessions import OnnxSession

Deblur = Callable[[Planes], Planes]

ROUNDS, ROUNDS_LONG = 30, 3  # of deconvolution, without noise: of round blur, and of what may be motion
LONGER = 1.3  # times as long as measured: edges in the shadow of others make motion seem shorter than it was
ROUND_WIDTH = 1.05  # times the width across: less than the blur's, so that what is motion after all is not made worse
NOISE_HALF = 1.0  # levels of noise at which half as many are made
OPTICS = 0.5  # px of blur that belong to any sharp photo and stay
NARROWEST, WIDEST = 0.5, 4.5  # px that are deconvolved; one that is asked to sharpen a sharp picture takes the first
BORDER, SIDE = 32, 448  # px of tiles; the network reads the blur the better the larger they are
NAFNET_MULTIPLE, MAXIM_MULTIPLE, MAXIM_WINDOW = 8, 64, 256  # px


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


def network(motion: bool, models: Models) -> Deblurrer | None:
    """The preferred network for this kind of blur; None where there is none. MAXIM was made for motion alone."""
    if motion:
        backend = models.choose("deblur")
    else:
        backend = next(one for one in backends_of("deblur") if one.name != MAXIM and models.state(one).usable)
    if backend.name == DECONVOLUTION:
        return None
    return {NAFNET: _nafnet, MAXIM: _maxim}[backend.name](models.onnx(backend))


def deconvolution(blur: Blur, long: bool, noise: float) -> Deblurrer:
    """Deconvolution by the measured blur, along its direction (`long`) or round; less of it with `noise`, in levels."""
    if long:
        known, most = replace(blur, along=_within(LONGER * blur.along), across=NARROWEST), ROUNDS_LONG
    else:
        seen = min(blur.softness, ROUND_WIDTH * blur.across)
        width = _within(max(seen**2 - OPTICS**2, 0) ** 0.5)
        known, most = Blur(width, width, 0.0), ROUNDS
    rounds = max(round(most / (1 + noise / NOISE_HALF)), 2)
    return Deblurrer(DECONVOLUTION, BORDER, SIDE, lambda planes: deconvolved(planes, known, rounds))


def _within(width: float) -> float:
    return min(max(width, NARROWEST), WIDEST)


def _nafnet(session: OnnxSession) -> Deblurrer:
    """The repository's own network: planes as they are, sides multiples of 8."""

    def apply(planes: Planes) -> Planes:
        filled = _filled(planes, *(side + -side % NAFNET_MULTIPLE for side in planes.shape[1:]))
        return np.asarray(session.run(filled[None])[0][:, : planes.shape[1], : planes.shape[2]])

    return Deblurrer(NAFNET, BORDER, SIDE, apply, knows_wear=True)


def _maxim(session: OnnxSession) -> Deblurrer:
    """MAXIM: channels last, sides multiples of 64; made for one size, 256 px, where the file leaves it open."""
    side = session.size[0] or MAXIM_WINDOW  # its axes are 1, height, width, 3 and its pictures square
    border = MAXIM_MULTIPLE // 2

    def apply(planes: Planes) -> Planes:
        filled = np.ascontiguousarray(_filled(planes, side, side).transpose(1, 2, 0))
        return np.asarray(session.run(filled[None])[0].transpose(2, 0, 1)[:, : planes.shape[1], : planes.shape[2]])

    return Deblurrer(MAXIM, border, side - 2 * border, apply)


def _filled(planes: Planes, height: int, width: int) -> Planes:
    """The planes with their last rows and columns repeated up to this size."""
    more = (0, 0), (0, height - planes.shape[1]), (0, width - planes.shape[2])
    return np.pad(planes, more, mode="edge")
