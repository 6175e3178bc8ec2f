"""The head that belongs to a face: where it is, and which px are its own, down to the edge of the hair."""

import cv2
import numpy as np

from vanceweb.engine.processing.faces.detection import Face
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.resampling import FloatArray, shrink
from vanceweb.engine.processing.image.tiles import Tile

# A head about the box of its face (brow to chin), in sides of the box: its middle lies higher, the hair needs room.
UP, WIDTH, HEIGHT = 0.12, 0.85, 1.05
AROUND = 1.25  # how much larger than the head its part of the picture is
SURE = 0.55  # of the head's radius within which every px belongs to it
EDGE = 0.2  # of the head's radius over which it fades where no edge of its own is found
LONGEST = 192  # px of the copy in which head and background are told apart
ROUNDS = 3
RADIUS, EPSILON = 3, 1e-3  # px and squared colour difference (0..1) of the filter that draws the edge


def locate_head(face: Face, width: int, height: int) -> Tile:
    """The part of a picture of this size that the head lies in, with some background around it."""
    x, y, across, down = _ellipse(face)
    across, down = AROUND * across, AROUND * down
    return Tile(
        top=min(max(int(y - down), 0), height - 1),
        bottom=min(max(int(y + down) + 1, 1), height),
        left=min(max(int(x - across), 0), width - 1),
        right=min(max(int(x + across) + 1, 1), width),
    )


def segment_head(colours: Pixels, face: Face, part: Tile) -> FloatArray:
    """1 on the head, 0 off it, soft between, for the `colours` of `part`, of whose picture `face` is."""
    height, width = colours.shape[:2]
    small = np.ascontiguousarray(shrink(colours, LONGEST))
    rows, columns = small.shape[:2]
    radius = cv2.resize(_radius(face, part), (columns, rows), interpolation=cv2.INTER_AREA)
    inside = np.clip((1 - radius) / np.float32(EDGE), 0, 1)
    mask = inside * _told_apart(small, np.asarray(radius, dtype=np.float32))
    mask = cv2.ximgproc.guidedFilter(small, mask.astype(np.float32), RADIUS, EPSILON * 255**2)
    mask = cv2.resize(np.clip(mask, 0, 1), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(mask * mask * (3 - 2 * mask), dtype=np.float32)


def _told_apart(colours: Pixels, radius: FloatArray) -> FloatArray:
    """1 where the colours are those of the head's middle, 0 where they are those around it (GrabCut)."""
    guess = np.full(radius.shape, cv2.GC_PR_FGD, dtype=np.uint8)
    guess[radius >= 1] = cv2.GC_BGD
    guess[radius <= SURE] = cv2.GC_FGD
    if not (guess == cv2.GC_BGD).any() or not (guess == cv2.GC_FGD).any():
        return np.ones_like(radius)
    around, head = np.zeros((1, 65)), np.zeros((1, 65))  # what GrabCut learns of both
    cv2.setRNGSeed(0)
    cv2.grabCut(colours, guess, (0, 0, 1, 1), around, head, ROUNDS, cv2.GC_INIT_WITH_MASK)
    return np.isin(guess, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)


def _ellipse(face: Face) -> tuple[float, float, float, float]:
    """The ellipse of the head: its middle and its half axes across and down, in px."""
    x, y = (face.left + face.right) / 2, (face.top + face.bottom) / 2 - UP * face.side
    return x, y, WIDTH * face.side, HEIGHT * face.side


def _radius(face: Face, part: Tile) -> FloatArray:
    """The distance from the head's middle in half axes, 1 on the ellipse, of the size of `part`."""
    x, y, across, down = _ellipse(face)
    columns = (np.arange(part.left, part.right, dtype=np.float32) - np.float32(x)) / np.float32(across)
    rows = (np.arange(part.top, part.bottom, dtype=np.float32) - np.float32(y)) / np.float32(down)
    return np.sqrt(columns[None, :] ** 2 + rows[:, None] ** 2)
