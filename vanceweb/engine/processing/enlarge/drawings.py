"""chainner and real_esrgan: drawings enlarged with clean, sharp lines; real_esrgan takes away what wore them too.

waifu2x's CUNET draws lines nearer to the truth than any other network for drawings that was tried, Real-ESRGAN's
larger one among them, which lays a halo around outlines and needs twenty times as long. From the second doubling on,
where lines are wide, it is averaged with Real-ESRGAN's animevideov3, which draws them steeper.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np

from vanceweb.catalogue.parameters import Params
from vanceweb.engine.processing.analysis.jpeg_blocks import estimate_jpeg_blocks
from vanceweb.engine.processing.analysis.noise import estimate_noise
from vanceweb.engine.processing.enlarge import weights
from vanceweb.engine.processing.enlarge.networks import ANIMEVIDEO_X2, CUNET
from vanceweb.engine.processing.image.alpha import get_visible_colours, resize_alpha
from vanceweb.engine.processing.image.arrays import Planes, crop_centre
from vanceweb.engine.processing.image.passes import Pass, run_passes
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.tiles import Report
from vanceweb.engine.processing.inference.backends import Backend, Slot, Source
from vanceweb.engine.processing.inference.interfaces import Interface
from vanceweb.engine.processing.inference.registry import NetworkRegistry

PLAIN, SLIGHTLY_WORN, WORN = None, 1, 3  # CUNET's levels of noise removal
WORN_BLOCKS, WORN_NOISE = 0.3, 5.0  # levels of JPEG's blocks, and of noise, from which a drawing counts as worn
VIDEO_SHARE = 0.5  # of animevideov3, from the second pass on
CUNET_BORDER = {1: 28, 2: 20}  # px; what CUNET eats, to a multiple of STEP
CUNET_TILE_SIDE = 256  # px of a tile; with its border CUNET's working memory is 0.5 GB
ESRGAN_BORDER = 16  # px
ESRGAN_TILE_SIDE = 96  # px of a tile: with its border the large networks of this family stay below 1.5 GB
ESRGAN_SCALE = 4


@dataclass(frozen=True)
class Drawing:
    """The work on one drawing: CUNET's level of noise removal, the scale, and the side of CUNET's tiles in px."""

    level: int | None
    scale: int
    tile_side: int


def enlarge_drawing(
    picture: Picture,
    params: Params,
    networks: NetworkRegistry,
    report: Report,
    *,
    tile_side: int = CUNET_TILE_SIDE,
) -> Picture:
    """chainner. `scale` "2x", "4x" or "8x"; CUNET's tiles are of `tile_side` px. Raises `WeightsMissing`."""
    return _enlarged(picture, Drawing(PLAIN, read_scale(params), tile_side), networks, report)


def clean_and_enlarge_drawing(
    picture: Picture,
    params: Params,
    networks: NetworkRegistry,
    report: Report,
    *,
    tile_side: int = CUNET_TILE_SIDE,
) -> Picture:
    """real_esrgan. `scale` "1x", which only cleans, "2x", "4x", "6x" or "8x". Raises `WeightsMissing`."""
    colours = get_visible_colours(picture)
    worn = estimate_jpeg_blocks(colours) >= WORN_BLOCKS or estimate_noise(colours) >= WORN_NOISE
    level = WORN if worn else SLIGHTLY_WORN
    return _enlarged(picture, Drawing(level, read_scale(params), tile_side), networks, report)


def read_scale(params: Params) -> int:
    """How many times as wide and as high `scale` makes the picture."""
    return int(str(params["scale"]).removesuffix("x"))


def _enlarged(picture: Picture, drawing: Drawing, networks: NetworkRegistry, report: Report) -> Picture:
    backend = networks.choose(DRAWING)
    passes = backend.run(drawing, networks)
    makers = (
        (backend.name,) if backend is not ESRGAN or drawing.scale <= ESRGAN_SCALE else (ESRGAN.name, CUNET_VIDEO.name)
    )
    result = run_passes(get_visible_colours(picture), passes, report)
    alpha = picture.alpha
    if alpha is not None and drawing.scale > 1:
        alpha = resize_alpha(alpha, result.shape[1], result.shape[0])
    return picture.replace_pixels(result, alpha).add_backends(*makers)


def _by_cunet(drawing: Drawing, networks: NetworkRegistry) -> list[Pass]:
    first_scale = min(drawing.scale, 2)
    session = networks.load_ncnn(CUNET[first_scale, drawing.level])
    first = Pass(session.run, CUNET_BORDER[first_scale], drawing.tile_side, Fraction(first_scale))
    return [first, *_further(Fraction(drawing.scale, first_scale), drawing.tile_side, networks)]


def _further(scale: Fraction, tile_side: int, networks: NetworkRegistry) -> list[Pass]:
    """What enlarges a drawing, whose lines are clean already, `scale` times more: doublings, 3/2 as the last."""

    def doubled(planes: Planes) -> Planes:
        cunet = np.clip(networks.load_ncnn(CUNET[2, PLAIN]).run(planes), 0, 1)
        video = crop_centre(networks.load_ncnn(ANIMEVIDEO_X2).run(planes), cunet.shape[1], cunet.shape[2])
        return np.asarray(cunet + np.float32(VIDEO_SHARE) * (np.clip(video, 0, 1) - cunet), dtype=np.float32)

    passes = []
    while scale > 1:
        step = min(scale, Fraction(2))
        passes.append(Pass(_then_reduced(doubled, step / 2), CUNET_BORDER[2], tile_side, step))
        scale /= step
    return passes


def _by_esrgan(drawing: Drawing, networks: NetworkRegistry) -> list[Pass]:
    """Four times as large by the network that somebody brought, and less by averaging."""
    session, first = networks.load_onnx(ESRGAN), min(drawing.scale, ESRGAN_SCALE)

    def four_times(planes: Planes) -> Planes:
        return np.asarray(np.clip(session.run(planes[None])[0], 0, 1), dtype=np.float32)

    apply = _then_reduced(four_times, Fraction(first, ESRGAN_SCALE))
    return [
        Pass(apply, ESRGAN_BORDER, ESRGAN_TILE_SIDE, Fraction(first)),
        *_further(Fraction(drawing.scale, first), drawing.tile_side, networks),
    ]


def _then_reduced(apply: Callable[[Planes], Planes], by: Fraction) -> Callable[[Planes], Planes]:
    return lambda planes: _reduced(apply(planes), by)


def _reduced(planes: Planes, by: Fraction) -> Planes:
    """The planes by area averaging; their sides are multiples of the fraction's denominator."""
    if by == 1:
        return planes
    size = int(planes.shape[2] * by), int(planes.shape[1] * by)
    return np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in planes])


ESRGAN = Backend(
    name="esrgan (onnxruntime)",
    source=Source.BROUGHT,
    licence="that of the file: any network of the ESRGAN family that enlarges four times",
    run=_by_esrgan,
    own_files=("drawing/esrgan-x4.onnx",),
    interface=Interface(
        inputs=((1, 3, None, None),), outputs=((1, 3, None, None),), probe=((1, 3, 64, 64),), gives=(1, 3, 256, 256)
    ),
)
CUNET_VIDEO = Backend(
    name="waifu2x-cunet+animevideov3 (ncnn)",
    source=Source.SET_UP,
    licence="MIT, BSD-3-Clause",
    run=_by_cunet,
    weights=(*weights.CUNET.values(), weights.ANIMEVIDEO_X2),
)
DRAWING = Slot("drawing", ("chainner", "real_esrgan"), (ESRGAN, CUNET_VIDEO))
