"""Upsampling of chroma from a coarse grid to a picture's size: it stops at edges and leaves the lightness unchanged."""

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.colour.prediction import to_lightness
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.progress import Report, narrow_report, report_each
from vanceweb.engine.processing.image.resampling import FloatArray, enlarge_part
from vanceweb.engine.processing.image.tiles import Tile, cut_with_border, split_into_tiles

UPSAMPLING_SHARE = 0.3  # of the time
TILE_SIDE = 1024  # px of a tile at full size
HALF_TRUST_DEVIATION = 8.0  # deviation of L within a cell that halves its weight
# Min et al., "Fast global image smoothing" (2014): lambda, the reach in squared cells, and sigma, the step of L (scaled
# to 0..255) that stops it.
UPSAMPLING_LAMBDA, UPSAMPLING_SIGMA = 1.0, 8.0
LEAST_WEIGHT = 1e-6
REFINEMENT_RADIUS = 1.5  # px of the prepared picture
REFINEMENT_EPSILON = 6e-4  # squared difference of L/100 that counts as an edge
BISECTION_STEPS = 7  # in the search for the largest chroma that sRGB has
# CIE 1976 Lab to linear sRGB (IEC 61966-2-1), with OpenCV's white D65.
WHITE_POINT = np.array([0.950456, 1.0, 1.088754], dtype=np.float32)
XYZ_TO_LINEAR_SRGB = np.array(
    [[3.240479, -1.53715, -0.498535], [-0.969256, 1.875991, 0.041556], [0.055648, -0.204043, 1.057311]],
    dtype=np.float32,
)


def replace_chroma(colours: Pixels, prepared: Pixels, ab: FloatArray, report: Report) -> Pixels:
    """Combine L of `colours` with `ab` (any height x width x 2), upsampled along the picture's edges.

    `prepared` is the picture returned by `prepare_for_prediction`.
    """
    size = colours.shape[0], colours.shape[1]
    upsampled = upsample_chroma(to_lightness(prepared), ab)
    report(UPSAMPLING_SHARE)
    zoom = max(size) / max(upsampled.shape[:2])
    radius = round(REFINEMENT_RADIUS * zoom) if zoom > 1 else 0
    result = np.empty_like(colours)
    tiles = split_into_tiles(*size, TILE_SIDE)
    for tile in report_each(tiles, narrow_report(report, UPSAMPLING_SHARE, 1)):
        lightness, part = _refine_tile(colours, upsampled, tile, radius)
        result[tile.top : tile.bottom, tile.left : tile.right] = to_rgb(lightness, part)
    return result


def to_rgb(lightness: FloatArray, ab: FloatArray) -> Pixels:
    """Convert L (height x width) and ab (height x width x 2) to RGB, reducing chroma where sRGB has no such colour."""
    lab = np.dstack([lightness, ab]).astype(np.float32)
    rgb = np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), dtype=np.float32)
    beyond = ((rgb <= 0) | (rgb >= 1)).any(axis=2)
    if beyond.any():
        rgb[beyond] = _fit_to_gamut(lab[beyond])
    return np.asarray(np.clip(rgb * 255 + 0.5, 0, 255), dtype=np.uint8)


def _fit_to_gamut(lab: FloatArray) -> FloatArray:
    """Convert Lab (n x 3) to RGB (n x 3, 0..1) with as much of its chroma as sRGB has at this lightness and hue."""
    share, step = np.zeros(len(lab), dtype=np.float32), np.float32(1)
    for _ in range(BISECTION_STEPS):
        step /= 2
        share[_is_in_gamut(lab, share + step)] += step
    lab = lab.copy()
    lab[:, 1:] *= share[:, None]
    return np.asarray(cv2.cvtColor(lab[None], cv2.COLOR_LAB2RGB)[0], dtype=np.float32)


def _is_in_gamut(lab: FloatArray, share: FloatArray) -> npt.NDArray[np.bool_]:
    """Return whether sRGB has each colour with this share of its chroma; n booleans."""
    y = (lab[:, 0] + 16) / 116
    curve = np.stack([y + lab[:, 1] * share / 500, y, y - lab[:, 2] * share / 200], axis=1)
    xyz = np.where(curve > 6 / 29, curve**3, (curve - 4 / 29) * (108 / 841)) * WHITE_POINT
    linear = xyz @ XYZ_TO_LINEAR_SRGB.T
    return np.asarray(((linear > -1e-4) & (linear < 1 + 1e-3)).all(axis=1))


def upsample_chroma(lightness: FloatArray, ab: FloatArray) -> FloatArray:
    """Upsample ab of a grid to the size of L (height x width, without grain); each px takes its side's colours.

    Cells across an edge hold mixed colours and get little weight; the smoother carries the other cells' colours up to
    the edge.
    """
    height, width = lightness.shape
    cell = max(height / ab.shape[0], width / ab.shape[1])
    if min(height, width) < 2 or cell <= 1:
        return np.asarray(cv2.resize(ab, (width, height), interpolation=cv2.INTER_AREA), dtype=np.float32)
    trust = 1 / (1 + compute_local_variance(lightness, ab.shape[0], ab.shape[1]) / HALF_TRUST_DEVIATION**2)
    weighted = cv2.resize(np.dstack([ab * trust[:, :, None], trust]), (width, height), interpolation=cv2.INTER_LINEAR)
    guide = np.clip(lightness * 2.55 + 0.5, 0, 255).astype(np.uint8)
    smoother = cv2.ximgproc.createFastGlobalSmootherFilter(guide, UPSAMPLING_LAMBDA * cell**2, UPSAMPLING_SIGMA)
    carried = smoother.filter(np.ascontiguousarray(weighted, dtype=np.float32))
    return np.asarray(carried[:, :, :2] / np.maximum(carried[:, :, 2:], LEAST_WEIGHT), dtype=np.float32)


def compute_local_variance(lightness: FloatArray, height: int, width: int) -> FloatArray:
    """Return the variance of L within each cell of a `height` x `width` grid, with half of each neighbour."""
    size = (width, height)
    wide = (max(round(2 * lightness.shape[1] / width), 1), max(round(2 * lightness.shape[0] / height), 1))
    mean, square = (
        cv2.resize(cv2.blur(each, wide), size, interpolation=cv2.INTER_LINEAR) for each in (lightness, lightness**2)
    )
    return np.asarray(np.maximum(square - mean**2, 0), dtype=np.float32)


def _apply_guided_filter(lightness: FloatArray, ab: FloatArray, radius: int) -> FloatArray:
    """Apply He, Sun and Tang's guided filter to both planes, clipped to each plane's original range."""
    guide = np.ascontiguousarray(lightness / np.float32(100))
    planes = []
    for plane in (0, 1):
        given = np.ascontiguousarray(ab[:, :, plane])
        filtered = cv2.ximgproc.guidedFilter(guide, given, radius, REFINEMENT_EPSILON)
        planes.append(np.clip(filtered, given.min(), given.max()))
    return np.stack(planes, axis=2).astype(np.float32)


def _refine_tile(colours: Pixels, upsampled: FloatArray, tile: Tile, radius: int) -> tuple[FloatArray, FloatArray]:
    """Return L and ab of a tile at full size, refined along the edges if the picture is larger than `upsampled`."""
    size = colours.shape[0], colours.shape[1]
    if not radius:
        return to_lightness(colours[tile.top : tile.bottom, tile.left : tile.right]), enlarge_part(
            upsampled, size, tile
        )
    border = 2 * radius
    wide = Tile(tile.top - border, tile.bottom + border, tile.left - border, tile.right + border)
    lightness = to_lightness(cut_with_border(colours, tile, border))
    ab = _apply_guided_filter(lightness, enlarge_part(upsampled, size, wide), radius)
    inside = slice(border, border + tile.bottom - tile.top), slice(border, border + tile.right - tile.left)
    return lightness[inside], ab[inside]
