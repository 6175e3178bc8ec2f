"""Enlargement of drawings with sharp lines (chainner), also with noise and JPEG artefacts removed (real_esrgan).

Of all networks for drawings that were tried, waifu2x's CUNET draws lines closest to the original. The larger
Real-ESRGAN leaves a halo around outlines and takes twenty times as long. From the second doubling on, where lines are
wide, CUNET is averaged with Real-ESRGAN's animevideov3, whose lines are steeper.
"""

from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np

from vanceweb.catalogue.parameters import Params, read_scale
from vanceweb.engine.processing.analysis.jpeg_blocks import estimate_jpeg_blocks
from vanceweb.engine.processing.analysis.noise import estimate_noise
from vanceweb.engine.processing.enlarge import weights
from vanceweb.engine.processing.enlarge.networks import ANIMEVIDEO_X2, CUNET
from vanceweb.engine.processing.image.alpha import get_visible_colours, resize_alpha
from vanceweb.engine.processing.image.arrays import Planes, crop_centre
from vanceweb.engine.processing.image.passes import Pass, run_passes
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.progress import Report, split_report
from vanceweb.engine.processing.image.tiles import TileWork
from vanceweb.engine.processing.inference.backends import Backend, Slot, Source
from vanceweb.engine.processing.inference.interfaces import Interface
from vanceweb.engine.processing.inference.registry import NetworkRegistry

NO_REMOVAL, LIGHT_REMOVAL, STRONG_REMOVAL = None, 1, 3  # CUNET's levels of noise removal
DEGRADED_BLOCKS, DEGRADED_NOISE = 0.3, 5.0  # levels of JPEG blocks, and of noise, from which a drawing is degraded
VIDEO_SHARE = 0.5  # of animevideov3, from the second pass on
CUNET_TILE_BORDER = {1: 28, 2: 20}  # px, by scale: CUNET's own border rounded up to a multiple of tiles.TILE_GRID
CUNET_TILE_SIDE = 256  # px of a tile; with its border, CUNET's working memory is 0.5 GB
ESRGAN_BORDER = 16  # px
ESRGAN_TILE_SIDE = 96  # px of a tile; with its border, the large networks of this family stay below 1.5 GB
ESRGAN_SCALE = 4


@dataclass(frozen=True)
class DrawingSettings:
    """Settings for one drawing: CUNET's level of noise removal, the scale, and the side of CUNET's tiles in px."""

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
    """Enlarge a drawing by `scale`, "2x", "4x" or "8x" (chainner).

    `tile_side` is the side of CUNET's tiles in px. Raise `WeightsMissing`.
    """
    return _enlarge(picture, DrawingSettings(NO_REMOVAL, read_scale(params), tile_side), networks, report)


def clean_and_enlarge_drawing(
    picture: Picture,
    params: Params,
    networks: NetworkRegistry,
    report: Report,
    *,
    tile_side: int = CUNET_TILE_SIDE,
) -> Picture:
    """Clean a drawing and enlarge it by `scale`, "1x" (clean only), "2x", "4x", "6x" or "8x" (real_esrgan).

    `tile_side` is the side of CUNET's tiles in px. Raise `WeightsMissing`.
    """
    colours = get_visible_colours(picture)
    degraded = estimate_jpeg_blocks(colours) >= DEGRADED_BLOCKS or estimate_noise(colours) >= DEGRADED_NOISE
    level = STRONG_REMOVAL if degraded else LIGHT_REMOVAL
    return _enlarge(picture, DrawingSettings(level, read_scale(params), tile_side), networks, report)


def _enlarge(picture: Picture, settings: DrawingSettings, networks: NetworkRegistry, report: Report) -> Picture:
    backend = networks.choose(DRAWING)
    passes = backend.run(settings, networks)
    backends = (
        (backend.name,) if backend is not ESRGAN or settings.scale <= ESRGAN_SCALE else (ESRGAN.name, CUNET_VIDEO.name)
    )
    result = run_passes(get_visible_colours(picture), passes, report)
    alpha = picture.alpha
    if alpha is not None and settings.scale > 1:
        alpha = resize_alpha(alpha, result.shape[1], result.shape[0])
    return picture.replace_pixels(result, alpha).add_backends(*backends)


def _build_cunet_passes(settings: DrawingSettings, networks: NetworkRegistry) -> list[Pass]:
    first_scale = min(settings.scale, 2)
    session = networks.load_ncnn(CUNET[first_scale, settings.level])
    first = Pass(session.run, CUNET_TILE_BORDER[first_scale], settings.tile_side, Fraction(first_scale))
    return [first, *_build_further_passes(Fraction(settings.scale, first_scale), settings.tile_side, networks)]


def _build_further_passes(scale: Fraction, tile_side: int, networks: NetworkRegistry) -> list[Pass]:
    """Return the passes that enlarge an already clean drawing by `scale`: doublings, with 3/2 as the last."""

    def double(planes: Planes, report: Report) -> Planes:
        first, second = split_report(report, (1, 1))
        cunet = np.clip(networks.load_ncnn(CUNET[2, NO_REMOVAL]).run(planes, first), 0, 1)
        video = crop_centre(networks.load_ncnn(ANIMEVIDEO_X2).run(planes, second), cunet.shape[1], cunet.shape[2])
        return np.asarray(cunet + np.float32(VIDEO_SHARE) * (np.clip(video, 0, 1) - cunet), dtype=np.float32)

    passes = []
    while scale > 1:
        step = min(scale, Fraction(2))
        passes.append(Pass(_shrink_after(double, step / 2), CUNET_TILE_BORDER[2], tile_side, step))
        scale /= step
    return passes


def _build_esrgan_passes(settings: DrawingSettings, networks: NetworkRegistry) -> list[Pass]:
    """Return the passes with a brought network: four times as large, or shrunk from that by averaging."""
    session, first = networks.load_onnx(ESRGAN), min(settings.scale, ESRGAN_SCALE)

    def enlarge_four_times(planes: Planes, report: Report) -> Planes:
        return np.asarray(np.clip(session.run(planes[None])[0], 0, 1), dtype=np.float32)

    apply = _shrink_after(enlarge_four_times, Fraction(first, ESRGAN_SCALE))
    return [
        Pass(apply, ESRGAN_BORDER, ESRGAN_TILE_SIDE, Fraction(first)),
        *_build_further_passes(Fraction(settings.scale, first), settings.tile_side, networks),
    ]


def _shrink_after(apply: TileWork, scale: Fraction) -> TileWork:
    return lambda planes, report: _shrink(apply(planes, report), scale)


def _shrink(planes: Planes, scale: Fraction) -> Planes:
    """Shrink planes by area averaging; their sides must be multiples of the fraction's denominator."""
    if scale == 1:
        return planes
    size = int(planes.shape[2] * scale), int(planes.shape[1] * scale)
    return np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in planes])


ESRGAN = Backend(
    name="esrgan (onnxruntime)",
    source=Source.BROUGHT,
    licence="that of the file: any network of the ESRGAN family that enlarges four times",
    run=_build_esrgan_passes,
    own_files=("drawing/esrgan-x4.onnx",),
    interface=Interface(
        inputs=((1, 3, None, None),), outputs=((1, 3, None, None),), probe=((1, 3, 64, 64),), result=(1, 3, 256, 256)
    ),
)
CUNET_VIDEO = Backend(
    name="waifu2x-cunet+animevideov3 (ncnn)",
    source=Source.SET_UP,
    licence="MIT, BSD-3-Clause",
    run=_build_cunet_passes,
    weights=(*weights.CUNET.values(), weights.ANIMEVIDEO_X2),
)
DRAWING = Slot("drawing", ("chainner", "real_esrgan"), (ESRGAN, CUNET_VIDEO))
