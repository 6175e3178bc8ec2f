"""The canvas that drawings are made on, and the way back to the picture's own size.

A drawing of twice the size has no more lines, only larger ones. So it is made whole on at most `CANVAS` px, and a
network for drawings enlarges it, tile by tile, which also cleans its lines, until little is left to its size.
"""

import math

import cv2
import numpy as np

from vanceweb.engine.processing.enlarge.networks import ANIMEVIDEO_X2
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.resampling import FloatArray, shrink
from vanceweb.engine.processing.image.tiles import Report, narrow_report, run_tiled, split_into_tiles
from vanceweb.engine.processing.inference.registry import NetworkRegistry

CANVAS = 1024  # px of the longer side
BORDER, TILE_SIDE = 16, 256  # px; with them the network stays below 400 MB
LEFT_OVER = 1.9  # how much larger a plain filter may make what the network has drawn
STRIP = 512  # px of the sides of what is finished at once
PAPER, PAPER_MARGIN = 256, 16  # px
PAPER_GRAINS = ((2.0, 34.0), (0.7, 7.0))  # px and levels of coarse and fine grain


def canvas(colours: Pixels) -> Pixels:
    """The picture on `CANVAS` px at most."""
    return shrink(colours, CANVAS)


def grown(drawing: Pixels, width: int, height: int, networks: NetworkRegistry, report: Report) -> Pixels:
    """The drawing at a size in px, of about its own proportions. Raises `WeightsMissing`."""
    passes = max(1, math.ceil(math.log2(max(width / drawing.shape[1], height / drawing.shape[0]) / LEFT_OVER)))
    network = networks.load_ncnn(ANIMEVIDEO_X2)
    work = sum(4**number for number in range(passes))
    done = 0
    for number in range(passes):
        share = narrow_report(report, done / work, (done + 4**number) / work)
        drawing = run_tiled(drawing, network.run, scale=2, border=BORDER, side=TILE_SIDE, report=share)
        done += 4**number
    shrinks = drawing.shape[1] >= width and drawing.shape[0] >= height
    way = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(drawing, (width, height), interpolation=way), dtype=np.uint8)


def laid_over(photo: Pixels, drawing: Pixels, share: float | FloatArray) -> Pixels:
    """`drawing` over `photo`, both of one size, covering it by `share` (0..1, the same all over or of each px)."""
    if isinstance(share, float) and share == 1:
        return drawing
    result = np.empty_like(photo)
    for tile in split_into_tiles(photo.shape[0], photo.shape[1], STRIP):
        inside = (slice(tile.top, tile.bottom), slice(tile.left, tile.right))
        cover = share[inside][..., None] if isinstance(share, np.ndarray) else np.float32(share)
        under = photo[inside].astype(np.float32)
        result[inside] = np.clip(under + cover * (drawing[inside].astype(np.float32) - under) + np.float32(0.5), 0, 255)
    return result


def grained(drawing: Pixels, strength: float) -> Pixels:
    """The drawing on rough paper of `strength` 0..1: its grain, the same each time, darkens and brightens it."""
    if not strength:
        return drawing
    sheet = _paper() * np.float32(strength)
    result = np.empty_like(drawing)
    for tile in split_into_tiles(drawing.shape[0], drawing.shape[1], STRIP):
        rows, columns = (np.arange(*ends) % PAPER for ends in ((tile.top, tile.bottom), (tile.left, tile.right)))
        inside = (slice(tile.top, tile.bottom), slice(tile.left, tile.right))
        result[inside] = np.clip(drawing[inside] + sheet[np.ix_(rows, columns)][..., None] + 0.5, 0, 255)
    return result


def _paper() -> FloatArray:
    """Grain in levels, `PAPER` px square, that goes on at the opposite side where it ends."""
    sheet = np.random.default_rng(7).normal(0, 1, (PAPER, PAPER)).astype(np.float32)
    around = np.pad(sheet, PAPER_MARGIN, mode="wrap")
    grain = sum(cv2.GaussianBlur(around, (0, 0), size) * np.float32(depth) for size, depth in PAPER_GRAINS)
    return np.asarray(grain, dtype=np.float32)[PAPER_MARGIN:-PAPER_MARGIN, PAPER_MARGIN:-PAPER_MARGIN]
