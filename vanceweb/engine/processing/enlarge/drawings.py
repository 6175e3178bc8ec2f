"""chainner and real_esrgan: drawings enlarged with clean, sharp lines; real_esrgan takes away what wore them too.

waifu2x's CUNET draws lines nearer to the truth than any other network for drawings that was tried, Real-ESRGAN's
larger one among them, which lays a halo around outlines and needs twenty times as long. From the second doubling on,
where lines are wide, it is averaged with Real-ESRGAN's animevideov3, which draws them steeper.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction

import cv2
import numpy as np

from vanceweb.catalogue.parameters import ParameterValue
from vanceweb.engine.processing.analysis.jpeg_blocks import estimate_blocks
from vanceweb.engine.processing.analysis.noise import estimate_noise
from vanceweb.engine.processing.image.alpha import resize_alpha, visible_colours
from vanceweb.engine.processing.image.arrays import Planes, centre
from vanceweb.engine.processing.image.passes import Pass, run_passes
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.tiles import Report
from vanceweb.engine.processing.inference.backends import DRAWN, ESRGAN
from vanceweb.engine.processing.inference.registry import Models
from vanceweb.engine.processing.inference.sessions import OnnxSession

PLAIN, SLIGHTLY_WORN, WORN = "", "-1", "-3"  # the ends of the names of CUNET's levels
WORN_BLOCKS, WORN_NOISE = 0.3, 5.0  # levels of JPEG's blocks, and of noise, from which a drawing counts as worn
VIDEO_SHARE = 0.5  # of animevideov3, from the second pass on
CUNET_BORDER = {1: 28, 2: 20}  # px; what CUNET eats, to a multiple of STEP
CUNET_SIDE = 256  # px of a tile; with its border CUNET's working memory is 0.5 GB
ESRGAN_BORDER = 16  # px
ESRGAN_SIDE = 96  # px of a tile: with its border the large networks of this family stay below 1.5 GB
ESRGAN_SCALE = 4


def draw_sharp(picture: Picture, params: Mapping[str, ParameterValue], models: Models, report: Report) -> Picture:
    """chainner. `scale` "2x", "4x" or "8x". Raises `WeightsMissing`."""
    return _enlarged(picture, PLAIN, factor(params), models, report)


def draw_clean(picture: Picture, params: Mapping[str, ParameterValue], models: Models, report: Report) -> Picture:
    """real_esrgan. `scale` "1x", which only cleans, "2x", "4x", "6x" or "8x". Raises `WeightsMissing`."""
    colours = visible_colours(picture)
    worn = estimate_blocks(colours) >= WORN_BLOCKS or estimate_noise(colours) >= WORN_NOISE
    return _enlarged(picture, WORN if worn else SLIGHTLY_WORN, factor(params), models, report)


def factor(params: Mapping[str, ParameterValue]) -> int:
    """How many times as wide and as high `scale` makes the picture."""
    return int(str(params["scale"]).removesuffix("x"))


def _enlarged(picture: Picture, level: str, scale: int, models: Models, report: Report) -> Picture:
    backend = models.choose("drawing")
    if backend.name == ESRGAN:
        passes, makers = _by_esrgan(models.onnx(backend), scale, models), (ESRGAN,) if scale <= 4 else (ESRGAN, DRAWN)
    else:
        passes, makers = _by_cunet(level, scale, models), (DRAWN,)
    result = run_passes(visible_colours(picture), passes, report)
    alpha = picture.alpha
    if alpha is not None and scale > 1:
        alpha = resize_alpha(alpha, result.shape[1], result.shape[0])
    return picture.with_pixels(result, alpha).by(*makers)


def _by_cunet(level: str, scale: int, models: Models) -> list[Pass]:
    if scale == 1:
        name = f"waifu2x-cunet-x1{level}"
        return [Pass(lambda planes: models.ncnn(name).run(planes), CUNET_BORDER[1], CUNET_SIDE)]
    name = f"waifu2x-cunet-x2{level}"
    first = Pass(lambda planes: models.ncnn(name).run(planes), CUNET_BORDER[2], CUNET_SIDE, Fraction(2))
    return [first, *_further(Fraction(scale, 2), models)]


def _further(scale: Fraction, models: Models) -> list[Pass]:
    """What enlarges a drawing, whose lines are clean already, `scale` times more: doublings, 3/2 as the last."""

    def doubled(planes: Planes) -> Planes:
        cunet = np.clip(models.ncnn("waifu2x-cunet-x2").run(planes), 0, 1)
        video = centre(models.ncnn("animevideov3-x2").run(planes), cunet.shape[1], cunet.shape[2])
        return np.asarray(cunet + np.float32(VIDEO_SHARE) * (np.clip(video, 0, 1) - cunet), dtype=np.float32)

    passes = []
    while scale > 1:
        step = min(scale, Fraction(2))
        passes.append(Pass(_then_reduced(doubled, step / 2), CUNET_BORDER[2], CUNET_SIDE, step))
        scale /= step
    return passes


def _by_esrgan(session: OnnxSession, scale: int, models: Models) -> list[Pass]:
    """Four times as large by the network that somebody brought, and less by averaging."""
    first = min(scale, ESRGAN_SCALE)

    def four_times(planes: Planes) -> Planes:
        return np.asarray(np.clip(session.run(planes[None])[0], 0, 1), dtype=np.float32)

    apply = _then_reduced(four_times, Fraction(first, ESRGAN_SCALE))
    return [Pass(apply, ESRGAN_BORDER, ESRGAN_SIDE, Fraction(first)), *_further(Fraction(scale, first), models)]


def _then_reduced(apply: Callable[[Planes], Planes], by: Fraction) -> Callable[[Planes], Planes]:
    return lambda planes: _reduced(apply(planes), by)


def _reduced(planes: Planes, by: Fraction) -> Planes:
    """The planes by area averaging; their sides are multiples of the fraction's denominator."""
    if by == 1:
        return planes
    size = int(planes.shape[2] * by), int(planes.shape[1] * by)
    return np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in planes])
