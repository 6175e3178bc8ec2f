"""Colours of a coarse grid laid over a picture: they stop at its edges and leave its lightness as it is."""

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.colour.prediction import lightness
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.resampling import FloatArray, enlarge_part
from vanceweb.engine.processing.image.tiles import Report, Tile, cut_with_border, split_into_tiles

TILE_SIDE = 1024  # px of a tile at full size
MIXED = 8.0  # deviation of L in a cell at which it counts half
# Min et al., "Fast global image smoothing" (2014): how far colours are carried, in squared cells, and what stops them.
REACH, EDGE = 1.0, 8.0  # the latter in levels of 0..255
TINY = 1e-6
FINE_RADIUS = 1.5  # px of the size at which it was seen
EPSILON = 6e-4  # squared difference of L/100 that counts as an edge
HALVINGS = 7  # of chroma, until a colour of this lightness exists
# CIE 1976 Lab to linear sRGB (IEC 61966-2-1), white D65 as OpenCV has it.
WHITE_POINT = np.array([0.950456, 1.0, 1.088754], dtype=np.float32)
TO_LINEAR = np.array(
    [[3.240479, -1.53715, -0.498535], [-0.969256, 1.875991, 0.041556], [0.055648, -0.204043, 1.057311]],
    dtype=np.float32,
)


def lay_colours(colours: Pixels, seen: Pixels, ab: FloatArray, report: Report) -> Pixels:
    """The picture with L of `colours` and `ab` (any height x width x 2), enlarged along the picture's edges.

    `seen` is the picture as `well_seen` gives it.
    """
    size = colours.shape[0], colours.shape[1]
    middle = drawn_to_edges(lightness(seen), ab)
    zoom = max(size) / max(middle.shape[:2])
    radius = round(FINE_RADIUS * zoom) if zoom > 1 else 0
    result = np.empty_like(colours)
    tiles = split_into_tiles(*size, TILE_SIDE)
    for done, tile in enumerate(tiles, start=1):
        light, part = _fine(colours, middle, tile, radius)
        result[tile.top : tile.bottom, tile.left : tile.right] = pixels_of(light, part)
        report(done / len(tiles))
    return result


def pixels_of(light: FloatArray, ab: FloatArray) -> Pixels:
    """RGB of L (height x width) and ab (height x width x 2); chroma gives way where sRGB has no such colour."""
    lab = np.dstack([light, ab]).astype(np.float32)
    rgb = np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), dtype=np.float32)
    beyond = ((rgb <= 0) | (rgb >= 1)).any(axis=2)
    if beyond.any():
        rgb[beyond] = _nearest_colours(lab[beyond])
    return np.asarray(np.clip(rgb * 255 + 0.5, 0, 255), dtype=np.uint8)


def _nearest_colours(lab: FloatArray) -> FloatArray:
    """RGB (n x 3, 0..1) of Lab (n x 3) with as much of its chroma as sRGB has at this lightness and hue."""
    share, step = np.zeros(len(lab), dtype=np.float32), np.float32(1)
    for _ in range(HALVINGS):
        step /= 2
        share[_exists(lab, share + step)] += step
    lab = lab.copy()
    lab[:, 1:] *= share[:, None]
    return np.asarray(cv2.cvtColor(lab[None], cv2.COLOR_LAB2RGB)[0], dtype=np.float32)


def _exists(lab: FloatArray, share: FloatArray) -> npt.NDArray[np.bool_]:
    """Whether sRGB has the colour with this share of its chroma; n booleans."""
    y = (lab[:, 0] + 16) / 116
    curve = np.stack([y + lab[:, 1] * share / 500, y, y - lab[:, 2] * share / 200], axis=1)
    xyz = np.where(curve > 6 / 29, curve**3, (curve - 4 / 29) * (108 / 841)) * WHITE_POINT
    linear = xyz @ TO_LINEAR.T
    return np.asarray(((linear > -1e-4) & (linear < 1 + 1e-3)).all(axis=1))


def drawn_to_edges(light: FloatArray, ab: FloatArray) -> FloatArray:
    """ab of a grid at the size of L (height x width, without grain), each px from cells on its side of the edges.

    Cells across an edge hold a mixture and count little; the smoother carries the others' colours up to the edge.
    """
    height, width = light.shape
    cell = max(height / ab.shape[0], width / ab.shape[1])
    if min(height, width) < 2 or cell <= 1:
        return np.asarray(cv2.resize(ab, (width, height), interpolation=cv2.INTER_AREA), dtype=np.float32)
    trust = 1 / (1 + spread(light, ab.shape[0], ab.shape[1]) / MIXED**2)
    weighted = cv2.resize(np.dstack([ab * trust[:, :, None], trust]), (width, height), interpolation=cv2.INTER_LINEAR)
    guide = np.clip(light * 2.55 + 0.5, 0, 255).astype(np.uint8)
    smoother = cv2.ximgproc.createFastGlobalSmootherFilter(guide, REACH * cell**2, EDGE)
    carried = smoother.filter(np.ascontiguousarray(weighted, dtype=np.float32))
    return np.asarray(carried[:, :, :2] / np.maximum(carried[:, :, 2:], TINY), dtype=np.float32)


def spread(light: FloatArray, height: int, width: int) -> FloatArray:
    """The variance of L within each cell of a grid of this height and width, with half of each neighbour."""
    size = (width, height)
    wide = (max(round(2 * light.shape[1] / width), 1), max(round(2 * light.shape[0] / height), 1))
    mean, square = (
        cv2.resize(cv2.blur(each, wide), size, interpolation=cv2.INTER_LINEAR) for each in (light, light**2)
    )
    return np.asarray(np.maximum(square - mean**2, 0), dtype=np.float32)


def _guided(light: FloatArray, ab: FloatArray, radius: int) -> FloatArray:
    """He, Sun and Tang's guided filter of both planes, within the bounds of what was there."""
    guide = np.ascontiguousarray(light / np.float32(100))
    planes = []
    for plane in (0, 1):
        given = np.ascontiguousarray(ab[:, :, plane])
        planes.append(np.clip(cv2.ximgproc.guidedFilter(guide, given, radius, EPSILON), given.min(), given.max()))
    return np.stack(planes, axis=2).astype(np.float32)


def _fine(colours: Pixels, middle: FloatArray, tile: Tile, radius: int) -> tuple[FloatArray, FloatArray]:
    """L and ab of a tile at full size, drawn to the edges once more where the picture is larger than the middle."""
    size = colours.shape[0], colours.shape[1]
    if not radius:
        return lightness(colours[tile.top : tile.bottom, tile.left : tile.right]), enlarge_part(middle, size, tile)
    border = 2 * radius
    wide = Tile(tile.top - border, tile.bottom + border, tile.left - border, tile.right + border)
    light = lightness(cut_with_border(colours, tile, border))
    ab = _guided(light, enlarge_part(middle, size, wide), radius)
    inside = slice(border, border + tile.bottom - tile.top), slice(border, border + tile.right - tile.left)
    return light[inside], ab[inside]
