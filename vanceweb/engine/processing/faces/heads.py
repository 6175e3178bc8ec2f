"""Segmentation of the head that belongs to a face, along the edge of the hair."""

import cv2
import numpy as np

from vanceweb.engine.processing.faces.detection import Face
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.resampling import FloatArray, shrink
from vanceweb.engine.processing.image.tiles import Tile

# A head around the box of its face (brow to chin), in sides of the box: its centre lies higher to make room for hair.
HEAD_RISE, HEAD_WIDTH, HEAD_HEIGHT = 0.12, 0.85, 1.05
PART_SCALE = 1.25  # size of the part, in heads
CERTAIN_RADIUS = 0.55  # of the head's radius, within which every px belongs to it
FADE_WIDTH = 0.2  # of the head's radius, over which it fades where it has no edge
SEGMENTATION_SIDE = 192  # px of the copy that is segmented
GRABCUT_ROUNDS = 3
EDGE_FILTER_RADIUS, EDGE_FILTER_EPSILON = 3, 1e-3  # of the guided filter: px and squared colour difference (0..1)


def locate_head(face: Face, width: int, height: int) -> Tile:
    """Return the part of a picture of this size that contains the head, with some background around it."""
    x, y, across, down = _compute_ellipse(face)
    across, down = PART_SCALE * across, PART_SCALE * down
    return Tile(
        top=min(max(int(y - down), 0), height - 1),
        bottom=min(max(int(y + down) + 1, 1), height),
        left=min(max(int(x - across), 0), width - 1),
        right=min(max(int(x + across) + 1, 1), width),
    )


def segment_head(colours: Pixels, face: Face, part: Tile) -> FloatArray:
    """Return a mask of the head in the `colours` of `part`: 1 on it, 0 off it, soft in between.

    `face` is in px of the whole picture.
    """
    height, width = colours.shape[:2]
    small = np.ascontiguousarray(shrink(colours, SEGMENTATION_SIDE))
    rows, columns = small.shape[:2]
    radius = cv2.resize(_compute_radius(face, part), (columns, rows), interpolation=cv2.INTER_AREA)
    inside = np.clip((1 - radius) / np.float32(FADE_WIDTH), 0, 1)
    mask = inside * _separate_from_background(small, np.asarray(radius, dtype=np.float32))
    mask = cv2.ximgproc.guidedFilter(small, mask.astype(np.float32), EDGE_FILTER_RADIUS, EDGE_FILTER_EPSILON * 255**2)
    mask = cv2.resize(np.clip(mask, 0, 1), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(mask * mask * (3 - 2 * mask), dtype=np.float32)


def _separate_from_background(colours: Pixels, radius: FloatArray) -> FloatArray:
    """Return 1 where colours are like the head's centre, 0 where they are like its surroundings (GrabCut)."""
    labels = np.full(radius.shape, cv2.GC_PR_FGD, dtype=np.uint8)
    labels[radius >= 1] = cv2.GC_BGD
    labels[radius <= CERTAIN_RADIUS] = cv2.GC_FGD
    if not (labels == cv2.GC_BGD).any() or not (labels == cv2.GC_FGD).any():
        return np.ones_like(radius)
    around, head = np.zeros((1, 65)), np.zeros((1, 65))  # GrabCut's colour models
    cv2.setRNGSeed(0)
    cv2.grabCut(colours, labels, (0, 0, 1, 1), around, head, GRABCUT_ROUNDS, cv2.GC_INIT_WITH_MASK)
    return np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)


def _compute_ellipse(face: Face) -> tuple[float, float, float, float]:
    """Return the head's ellipse: its centre (x, y) and its half axes across and down, in px."""
    x, y = (face.left + face.right) / 2, (face.top + face.bottom) / 2 - HEAD_RISE * face.side
    return x, y, HEAD_WIDTH * face.side, HEAD_HEIGHT * face.side


def _compute_radius(face: Face, part: Tile) -> FloatArray:
    """Return the distance of each px of `part` from the head's centre, in half axes: 1 on the ellipse."""
    x, y, across, down = _compute_ellipse(face)
    columns = (np.arange(part.left, part.right, dtype=np.float32) - np.float32(x)) / np.float32(across)
    rows = (np.arange(part.top, part.bottom, dtype=np.float32) - np.float32(y)) / np.float32(down)
    return np.sqrt(columns[None, :] ** 2 + rows[:, None] ** 2)
