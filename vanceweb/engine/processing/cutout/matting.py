"""Matting: a network finds the subject, its edge is refined on the picture, its colours are freed of the background."""

import cv2
import numpy as np

from vanceweb.catalogue.parameters import Params
from vanceweb.engine.processing.cutout import weights
from vanceweb.engine.processing.cutout.foreground_colours import ForegroundColours
from vanceweb.engine.processing.image.arrays import Mask, Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.progress import Report, narrow_report
from vanceweb.engine.processing.image.resampling import FloatArray, enlarge_part, shrink
from vanceweb.engine.processing.image.tiles import Tile, cut_with_border, split_into_tiles
from vanceweb.engine.processing.inference.backends import Backend, Slot, Source
from vanceweb.engine.processing.inference.interfaces import Interface
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.inference.sessions import OnnxSession

# ImageNet's mean and standard deviation, as in the training of U²-Net.
MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], dtype=np.float32)
COARSE_SIDE = 1024  # px of the longer side at which the edge is refined first
TILE_SIDE = 1024  # px of a tile at full size
COARSE_RADIUS = 1.6  # px of the network's own mask; more leaves a haze around the subject
FINE_RADIUS = 1.5  # px of the coarsely refined mask
EDGE_EPSILON = 1e-4  # squared colour difference (0..1) that counts as an edge
# Refined alpha below the first becomes 0, above the second 1. This clears the haze that a guided filter leaves.
COARSE_LEVELS, FINE_LEVELS = (0.25, 0.8), (0.1, 0.9)
NETWORK_SHARE = 0.4  # of the time


def cut_out(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    """Return the picture with everything but its subject transparent, and existing alpha kept.

    Raise `WeightsMissing`.
    """
    colours = picture.colours
    backend = networks.choose(SUBJECT)
    coarse = _refine_coarsely(colours, backend.run(colours, networks.load_onnx(backend)))
    report(NETWORK_SHARE)
    alpha = _compute_alpha(colours, coarse, narrow_report(report, NETWORK_SHARE, 0.7))
    clean = ForegroundColours(colours, alpha).estimate(TILE_SIDE, narrow_report(report, 0.7, 1))
    if picture.alpha is not None:
        alpha = np.minimum(alpha, picture.alpha)
    return picture.replace_pixels(clean, alpha).add_backends(backend.name)


def _run_u2net(colours: Pixels, session: OnnxSession) -> FloatArray:
    """Return U²-Net's mask of the whole picture, 320 x 320, 0..1."""
    small = cv2.resize(colours, (320, 320), interpolation=cv2.INTER_AREA).astype(np.float32)
    small = (small / np.float32(max(float(small.max()), 1.0)) - MEAN) / DEVIATION
    return _stretch(session.run(_to_batch(small))[0, 0])


def _run_isnet(colours: Pixels, session: OnnxSession) -> FloatArray:
    """Return ISNet's mask of the whole picture, 1024 x 1024, 0..1."""
    small = cv2.resize(colours, (1024, 1024), interpolation=cv2.INTER_AREA).astype(np.float32)
    return _stretch(session.run(_to_batch((small - np.float32(128)) / np.float32(256)))[0, 0])


def _to_batch(pixels: FloatArray) -> FloatArray:
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], dtype=np.float32)


def _stretch(mask: FloatArray) -> FloatArray:
    """Stretch a mask to 0..1; return all ones if nothing stands out, so that everything is kept."""
    low, high = float(mask.min()), float(mask.max())
    if high - low < 1e-3:
        return np.ones_like(mask)
    return np.asarray((mask - low) / (high - low), dtype=np.float32)


def _refine_coarsely(colours: Pixels, mask: FloatArray) -> FloatArray:
    """Return the mask, 0..1, fitted to the edges of the picture at `COARSE_SIDE` px."""
    guide = shrink(colours, COARSE_SIDE).astype(np.float32) / np.float32(255)
    height, width = guide.shape[:2]
    large = cv2.resize(mask, (width, height), interpolation=cv2.INTER_CUBIC)
    radius = max(round(COARSE_RADIUS * max(height, width) / mask.shape[0]), 2)
    alpha = _apply_guided_filter(guide, np.clip(large, 0, 1), radius, COARSE_LEVELS)
    return alpha * alpha * (3 - 2 * alpha)


def _apply_guided_filter(guide: FloatArray, mask: FloatArray, radius: int, levels: tuple[float, float]) -> FloatArray:
    """Return the mask as a local linear function of the colours, with the two `levels` stretched to 0 and 1.

    This is the guided filter of He, Sun and Tang.
    """
    refined = np.asarray(cv2.ximgproc.guidedFilter(guide, mask, radius, EDGE_EPSILON), dtype=np.float32)
    return np.asarray(np.clip((refined - levels[0]) / (levels[1] - levels[0]), 0, 1), dtype=np.float32)


def _compute_alpha(colours: Pixels, coarse: FloatArray, report: Report) -> Mask:
    """Return the coarsely refined mask at full size, refined once more where it is soft."""
    size = colours.shape[0], colours.shape[1]
    zoom = max(size) / max(coarse.shape)
    radius = round(FINE_RADIUS * zoom) if zoom > 1 else 0
    alpha = np.empty(size, dtype=np.uint8)
    tiles = split_into_tiles(*size, TILE_SIDE)
    for done, tile in enumerate(tiles, start=1):
        part = _refine_tile(colours, coarse, tile, radius)
        alpha[tile.top : tile.bottom, tile.left : tile.right] = (part * 255 + 0.5).astype(np.uint8)
        report(done / len(tiles))
    return alpha


def _refine_tile(colours: Pixels, coarse: FloatArray, tile: Tile, radius: int) -> FloatArray:
    size = colours.shape[0], colours.shape[1]
    part = enlarge_part(coarse, size, tile)
    if not radius or part.min() == part.max():
        return part
    border = 2 * radius
    wide = Tile(tile.top - border, tile.bottom + border, tile.left - border, tile.right + border)
    guide = cut_with_border(colours, tile, border).astype(np.float32) / np.float32(255)
    refined = _apply_guided_filter(guide, enlarge_part(coarse, size, wide), radius, FINE_LEVELS)
    return refined[border : border + part.shape[0], border : border + part.shape[1]]


ISNET = Backend(
    name="isnet (onnxruntime)",
    source=Source.EXTRA,
    licence="MIT",
    run=_run_isnet,
    weights=(weights.ISNET,),
    interface=Interface(inputs=((1, 3, 1024, 1024),), outputs=((1, 1, 1024, 1024),)),
)
U2NET = Backend(
    name="u2net (onnxruntime)",
    source=Source.SET_UP,
    licence="Apache-2.0",
    run=_run_u2net,
    weights=(weights.U2NET,),
    interface=Interface(inputs=((1, 3, 320, 320),), outputs=((1, 1, 320, 320),)),
)
SUBJECT = Slot("subject", ("matting", "sd_recolor"), (ISNET, U2NET))
