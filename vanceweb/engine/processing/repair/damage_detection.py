"""Where a scanned photo is scratched, creased, folded or specked.

The trained network knows damage as it looks on photos of about 512 px. So the picture is looked at on smaller copies,
tile by tile: one of that size, and for larger pictures a finer one, in which a hairline still shows. What is found is
drawn to the picture's own size and widened by what a copy can't tell.

The network knows torn, uneven and patchy things; even lines it hardly tells from wires. So the lines and specks that
stand out by themselves count as well, unless it is sure that they belong to the picture: together they find more.
"""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.image.arrays import Mask, Pixels, Planes, to_planes
from vanceweb.engine.processing.image.resampling import enlarge_part, shrink
from vanceweb.engine.processing.image.tiles import Report, cut_with_border, split_into_tiles
from vanceweb.engine.processing.image.unsharp_mask import LUMA
from vanceweb.engine.processing.inference.backends import OWN_LICENCE, Backend, Slot, Source
from vanceweb.engine.processing.inference.interfaces import Interface
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.repair import line_detection

FloatArray = npt.NDArray[np.float32]
Finder = Callable[[Planes, NetworkRegistry], FloatArray]

COARSE, FINE = 640, 1536  # px of the longer side of the copies
FINER = 1.5  # times as large as the coarse copy: from there on the fine one is looked at as well
TILE_SIDE, BORDER = 448, 64  # px of a tile of a copy
MULTIPLE = 16  # px that the network's sides are multiples of
SURE, LIKELY = 0.95, 0.5  # chances: somewhere in a piece of damage, and of all that belongs to it
POSSIBLE = 0.1  # mean chance of a line or speck by the network: below it, it is sure that it is none
LIGHT, COLOURFUL = 145, 40  # levels of the least colour from which things are light; between colours, where it has one
EDGE = 6  # px of a copy: what reaches no further in is a thing that the picture's end cuts off, thin only by that
WIDER = 1.2  # px of a copy by which what is found is widened: damage ends softly
BAND = 1024  # px, the side of what is drawn to full size at once


def find_damage(colours: Pixels, networks: NetworkRegistry, report: Report) -> tuple[Mask, str]:
    """255 where the picture is damaged and 0 elsewhere, of its height and width, and the backend's name."""
    backend = networks.choose(DAMAGE)
    copies = [shrink(colours, COARSE)]
    if max(colours.shape[:2]) >= FINER * COARSE:
        copies.append(shrink(colours, FINE))
    mask = np.zeros(colours.shape[:2], dtype=np.uint8)
    for copy in copies:
        chance = _chance(copy, backend.run, networks)
        _draw(_pieces(chance), mask)
    report(1.0)
    return mask, backend.name


def _chance(copy: Pixels, find: Finder, networks: NetworkRegistry) -> FloatArray:
    """The chance of damage of each px of a copy, 0..1."""
    chance = np.zeros(copy.shape[:2], dtype=np.float32)
    for tile in split_into_tiles(copy.shape[0], copy.shape[1], TILE_SIDE):
        found = find(to_planes(cut_with_border(copy, tile, BORDER)), networks)
        height, width = tile.bottom - tile.top, tile.right - tile.left
        chance[tile.top : tile.bottom, tile.left : tile.right] = found[
            BORDER : BORDER + height, BORDER : BORDER + width
        ]
    return chance


def _pieces(chance: FloatArray) -> FloatArray:
    """1 where damage is likely and hangs together with what is sure, widened with a soft edge; 0 elsewhere."""
    count, labels = cv2.connectedComponents((chance >= LIKELY).astype(np.uint8), connectivity=8)
    kept = np.zeros(count, dtype=np.float32)
    inner = np.unique(labels[EDGE:-EDGE, EDGE:-EDGE])
    kept[np.intersect1d(np.unique(labels[chance >= SURE]), inner)] = 1
    kept[0] = 0
    far = cv2.distanceTransform(1 - kept[labels].astype(np.uint8), cv2.DIST_L2, 5)
    if not kept.any():
        return np.zeros_like(chance)
    return np.asarray(np.clip(WIDER + 0.5 - far, 0, 1), dtype=np.float32)


def _draw(pieces: FloatArray, mask: Mask) -> None:
    """Add the pieces, found on a copy, to the mask of the whole picture."""
    size = mask.shape[0], mask.shape[1]
    for tile in split_into_tiles(*size, BAND):
        part = enlarge_part(pieces, size, tile)
        inside = mask[tile.top : tile.bottom, tile.left : tile.right]
        inside[part >= 0.5] = 255


def _by_network(planes: Planes, networks: NetworkRegistry) -> FloatArray:
    """What the network is sure of, and the lines and specks that it thinks possible."""
    chance = _asked(planes, networks)
    lines = line_detection.chance_of_lines(planes)
    count, labels = cv2.connectedComponents((lines > 0).astype(np.uint8), connectivity=8)
    near = cv2.dilate(chance, np.ones((3, 3), dtype=np.uint8))
    mean = np.bincount(labels.ravel(), near.ravel(), count) / np.bincount(labels.ravel(), minlength=count)
    mean[0] = 0
    return np.asarray(np.maximum(chance * ~_coloured(planes), mean[labels] >= POSSIBLE), dtype=np.float32)


def _coloured(planes: Planes) -> npt.NDArray[np.bool_]:
    """Where the picture is neither white, grey nor black, as damage of paper and dirt on it are."""
    least, most = planes.min(axis=0) * 255, planes.max(axis=0) * 255
    return np.asarray((least < LIGHT) & (most > 255 - LIGHT) & (most - least > COLOURFUL), dtype=np.bool_)


def _asked(planes: Planes, networks: NetworkRegistry) -> FloatArray:
    """Grey of 0..1, 1 x 1 x height x width with sides that are multiples of 16; gives the chance in the same shape."""
    grey = np.tensordot(LUMA, planes, axes=1).astype(np.float32)
    height, width = grey.shape
    missing = (0, -height % MULTIPLE, 0, -width % MULTIPLE)
    whole = np.asarray(cv2.copyMakeBorder(grey, *missing, cv2.BORDER_REFLECT_101), dtype=np.float32)
    return networks.load_onnx(SCRATCHES).run(whole[None, None])[0, 0, :height, :width]


def _by_lines(planes: Planes, networks: NetworkRegistry) -> FloatArray:
    return line_detection.chance_of_lines(planes)


SCRATCHES = Backend(
    name="vanceweb scratches (onnxruntime)",
    source=Source.SHIPPED,
    licence=OWN_LICENCE,
    run=_by_network,
    own_files=("scratches.onnx",),
    interface=Interface(
        inputs=((1, 1, None, None),), outputs=((1, 1, None, None),), probe=((1, 1, 64, 64),), gives=(1, 1, 64, 64)
    ),
)
LINES_AND_SPECKS = Backend(name="lines and specks", source=Source.NONE, licence=OWN_LICENCE, run=_by_lines)
DAMAGE: Slot[Finder] = Slot("scratches", ("crease_repair",), (SCRATCHES, LINES_AND_SPECKS))
