"""Tiled processing of a picture: bounded memory, no seams, progress after each tile."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.image.arrays import Pixels, Planes, crop_centre, to_pixels, to_planes
from vanceweb.engine.processing.image.progress import Report, report_each, split_report

# Work on one tile, which reports its own progress.
TileWork = Callable[[Planes, Report], Planes]

# Edges between tiles lie on multiples of this many px, so that a scale of 3/2 or 3/4 maps them onto whole px.
TILE_GRID = 4


@dataclass(frozen=True)
class Tile:
    """The part of a picture from (top, left) up to, not including, (bottom, right), in px."""

    top: int
    bottom: int
    left: int
    right: int


def split_into_tiles(height: int, width: int, side: int) -> list[Tile]:
    """Return tiles of about equal size, row by row, none larger than `side` rounded up to a multiple of `TILE_GRID`."""
    return [Tile(*rows, *columns) for rows in _split_length(height, side) for columns in _split_length(width, side)]


def _split_length(length: int, side: int) -> Iterator[tuple[int, int]]:
    count = -(-length // side)
    step = -(-length // (count * TILE_GRID)) * TILE_GRID
    for start in range(0, length, step):
        yield start, min(start + step, length)


def cut_with_border(source: npt.NDArray[np.uint8], tile: Tile, border: int) -> npt.NDArray[np.uint8]:
    """Cut out the tile with `border` px more on each side, mirrored where the picture ends."""
    height, width = source.shape[:2]
    top, left = max(tile.top - border, 0), max(tile.left - border, 0)
    bottom, right = min(tile.bottom + border, height), min(tile.right + border, width)
    missing = (
        border - (tile.top - top),
        border - (bottom - tile.bottom),
        border - (tile.left - left),
        border - (right - tile.right),
    )
    part = source[top:bottom, left:right]
    if not any(missing):
        return part
    return np.asarray(cv2.copyMakeBorder(part, *missing, cv2.BORDER_REFLECT_101), dtype=np.uint8)


def run_tiled(
    source: Pixels,
    apply: TileWork,
    *,
    scale: Fraction | int = 1,
    border: int,
    side: int,
    report: Report,
) -> Pixels:
    """Run `apply` on each tile of `source` and return a picture `scale` times as large.

    `apply` gets a tile with `border` px around it. The middle of its result must hold the tile, without the border,
    at `scale` times its size. If the border covers the reach of the networks in `apply`, the result equals that of one
    run on the whole picture, and no blending is needed. `report` gets the fraction done after each tile and, as far as
    `apply` reports its own, within it.
    """
    height, width = source.shape[:2]
    result = np.empty((int(height * scale), int(width * scale), 3), dtype=np.uint8)
    tiles = split_into_tiles(height, width, side)
    parts = split_report(report, [1.0] * len(tiles))
    for tile, part in zip(report_each(tiles, report), parts, strict=True):
        top, bottom = int(tile.top * scale), int(tile.bottom * scale)
        left, right = int(tile.left * scale), int(tile.right * scale)
        planes = apply(to_planes(cut_with_border(source, tile, border)), part)
        result[top:bottom, left:right] = to_pixels(crop_centre(planes, bottom - top, right - left))
    return result
