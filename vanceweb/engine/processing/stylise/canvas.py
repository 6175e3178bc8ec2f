"""The canvas for drawings, and the enlargement of a drawing to the picture's own size.

A drawing of twice the size has no more lines, only larger ones. So the whole drawing is made on at most `CANVAS_SIDE`
px. A network for drawings then enlarges it tile by tile, which also cleans its lines, and a plain filter does the rest.
"""

import math

import cv2
import numpy as np

from vanceweb.engine.processing.enlarge.networks import ANIMEVIDEO_X2
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.progress import Report, split_report
from vanceweb.engine.processing.image.resampling import FloatArray, shrink
from vanceweb.engine.processing.image.tiles import run_tiled, split_into_tiles
from vanceweb.engine.processing.inference.registry import NetworkRegistry

CANVAS_SIDE = 1024  # px of the longer side
BORDER, TILE_SIDE = 16, 256  # px; with them the network stays below 400 MB
MAX_RESIZING = 1.9  # the largest factor by which a plain filter may enlarge the network's drawing
BLOCK_SIDE = 512  # px of the part that is finished at once
PAPER_SIDE, PAPER_MARGIN = 256, 16  # px
PAPER_GRAINS = ((2.0, 34.0), (0.7, 7.0))  # px and levels of the coarse and the fine grain


def make_canvas(colours: Pixels) -> Pixels:
    """Return the picture on a canvas of at most `CANVAS_SIDE` px."""
    return shrink(colours, CANVAS_SIDE)


def enlarge_drawing(drawing: Pixels, width: int, height: int, networks: NetworkRegistry, report: Report) -> Pixels:
    """Enlarge the drawing to a size in px of about its own proportions. Raises `WeightsMissing`."""
    passes = max(1, math.ceil(math.log2(max(width / drawing.shape[1], height / drawing.shape[0]) / MAX_RESIZING)))
    network = networks.load_ncnn(ANIMEVIDEO_X2)
    for part in split_report(report, [4**number for number in range(passes)]):
        drawing = run_tiled(drawing, network.run, scale=2, border=BORDER, side=TILE_SIDE, report=part)
    shrinks = drawing.shape[1] >= width and drawing.shape[0] >= height
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(drawing, (width, height), interpolation=interpolation), dtype=np.uint8)


def blend_over(photo: Pixels, drawing: Pixels, share: float | FloatArray) -> Pixels:
    """Blend `drawing` over `photo` of the same size, with an opacity `share` of 0..1, for all px or for each."""
    if isinstance(share, float) and share == 1:
        return drawing
    result = np.empty_like(photo)
    for tile in split_into_tiles(photo.shape[0], photo.shape[1], BLOCK_SIDE):
        inside = (slice(tile.top, tile.bottom), slice(tile.left, tile.right))
        opacity = share[inside][..., None] if isinstance(share, np.ndarray) else np.float32(share)
        under = photo[inside].astype(np.float32)
        result[inside] = np.clip(
            under + opacity * (drawing[inside].astype(np.float32) - under) + np.float32(0.5), 0, 255
        )
    return result


def add_paper_grain(drawing: Pixels, strength: float) -> Pixels:
    """Darken and brighten the drawing by the grain of rough paper, which is always the same; `strength` is 0..1."""
    if not strength:
        return drawing
    sheet = _make_paper() * np.float32(strength)
    result = np.empty_like(drawing)
    for tile in split_into_tiles(drawing.shape[0], drawing.shape[1], BLOCK_SIDE):
        rows, columns = (np.arange(*ends) % PAPER_SIDE for ends in ((tile.top, tile.bottom), (tile.left, tile.right)))
        inside = (slice(tile.top, tile.bottom), slice(tile.left, tile.right))
        result[inside] = np.clip(drawing[inside] + sheet[np.ix_(rows, columns)][..., None] + 0.5, 0, 255)
    return result


def _make_paper() -> FloatArray:
    """Return a grain in levels, a square of `PAPER_SIDE` px that repeats without a seam."""
    sheet = np.random.default_rng(7).normal(0, 1, (PAPER_SIDE, PAPER_SIDE)).astype(np.float32)
    wrapped = np.pad(sheet, PAPER_MARGIN, mode="wrap")
    grain = sum(cv2.GaussianBlur(wrapped, (0, 0), size) * np.float32(depth) for size, depth in PAPER_GRAINS)
    return np.asarray(grain, dtype=np.float32)[PAPER_MARGIN:-PAPER_MARGIN, PAPER_MARGIN:-PAPER_MARGIN]
