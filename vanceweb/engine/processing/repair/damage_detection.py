"""Detection of scratches, creases, folds and specks on a scanned photo.

The network was trained with damage on photos of about 512 px. So it gets smaller copies of the picture, tile by tile:
one of about that size and, for larger pictures, a finer one in which a hairline still shows. The damage found is
enlarged to the picture's own size and widened by the inaccuracy of the copy.

The network detects torn, uneven and patchy damage but can hardly tell regular lines from wires. So lines and specks
that stand out by themselves count as well, unless the network is sure that they belong to the picture. Together the two
methods find more.
"""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from vanceweb.engine.processing.image.arrays import Mask, Pixels, Planes, to_planes
from vanceweb.engine.processing.image.progress import Report, report_each, split_report
from vanceweb.engine.processing.image.resampling import enlarge_part, shrink
from vanceweb.engine.processing.image.tiles import cut_with_border, split_into_tiles
from vanceweb.engine.processing.image.unsharp_mask import LUMA
from vanceweb.engine.processing.inference.backends import OWN_LICENCE, Backend, Slot, Source
from vanceweb.engine.processing.inference.interfaces import Interface
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.repair import line_detection

FloatArray = npt.NDArray[np.float32]
DamageDetector = Callable[[Planes, NetworkRegistry, Report], FloatArray]

COARSE_SIDE, FINE_SIDE = 640, 1536  # px of the longer side of the copies
FINE_COPY_FACTOR = 1.5  # times as large as the coarse copy; from there on a picture gets the fine one as well
TILE_SIDE, BORDER = 448, 64  # px of a tile of a copy
SIDE_MULTIPLE = 16  # px; the sides of the network's input are multiples of it
SURE_DAMAGE, LIKELY_DAMAGE = 0.95, 0.5  # probabilities: somewhere in a piece of damage, and of all its px
POSSIBLE_LINE = 0.1  # the network's mean probability for a line or speck; below it, it belongs to the picture
LIGHT_LEVEL = 145  # level of the lowest channel from which px are light; dark px mirror it
COLOUR_DIFFERENCE = 40  # levels between the channels of coloured px
EDGE_WIDTH = 6  # px of a copy; an object that reaches no further in is thin only because the picture's end cuts it off
MASK_GROWTH = 1.2  # px of a copy by which damage is widened, because it ends softly
NETWORK_SHARE = 0.4  # of the time for a tile
BLOCK_SIDE = 1024  # px, the side of the part that is enlarged at once


def find_damage(colours: Pixels, networks: NetworkRegistry, report: Report) -> tuple[Mask, str]:
    """Return a mask of the picture's size, 255 where it is damaged and 0 elsewhere, and the backend's name."""
    backend = networks.choose(DAMAGE)
    copies = [shrink(colours, COARSE_SIDE)]
    if max(colours.shape[:2]) >= FINE_COPY_FACTOR * COARSE_SIDE:
        copies.append(shrink(colours, FINE_SIDE))
    mask = np.zeros(colours.shape[:2], dtype=np.uint8)
    for copy, part in zip(copies, split_report(report, [copy.size for copy in copies]), strict=True):
        probability = _estimate_damage(copy, backend.run, networks, part)
        _add_to_mask(_select_damage(probability), mask)
    report(1.0)
    return mask, backend.name


def _estimate_damage(copy: Pixels, find: DamageDetector, networks: NetworkRegistry, report: Report) -> FloatArray:
    """Return the probability of damage for each px of a copy, 0..1."""
    probability = np.zeros(copy.shape[:2], dtype=np.float32)
    tiles = split_into_tiles(copy.shape[0], copy.shape[1], TILE_SIDE)
    for tile, part in zip(report_each(tiles, report), split_report(report, [1.0] * len(tiles)), strict=True):
        found = find(to_planes(cut_with_border(copy, tile, BORDER)), networks, part)
        height, width = tile.bottom - tile.top, tile.right - tile.left
        probability[tile.top : tile.bottom, tile.left : tile.right] = found[
            BORDER : BORDER + height, BORDER : BORDER + width
        ]
    return probability


def _select_damage(probability: FloatArray) -> FloatArray:
    """Return 1 where damage is likely and connected to sure damage, widened with a soft edge; 0 elsewhere."""
    count, labels = cv2.connectedComponents((probability >= LIKELY_DAMAGE).astype(np.uint8), connectivity=8)
    kept = np.zeros(count, dtype=np.float32)
    inner = np.unique(labels[EDGE_WIDTH:-EDGE_WIDTH, EDGE_WIDTH:-EDGE_WIDTH])
    kept[np.intersect1d(np.unique(labels[probability >= SURE_DAMAGE]), inner)] = 1
    kept[0] = 0
    far = cv2.distanceTransform(1 - kept[labels].astype(np.uint8), cv2.DIST_L2, 5)
    if not kept.any():
        return np.zeros_like(probability)
    return np.asarray(np.clip(MASK_GROWTH + 0.5 - far, 0, 1), dtype=np.float32)


def _add_to_mask(pieces: FloatArray, mask: Mask) -> None:
    """Add the pieces found on a copy to the mask of the whole picture."""
    size = mask.shape[0], mask.shape[1]
    for tile in split_into_tiles(*size, BLOCK_SIDE):
        part = enlarge_part(pieces, size, tile)
        inside = mask[tile.top : tile.bottom, tile.left : tile.right]
        inside[part >= 0.5] = 255


def _detect_by_network(planes: Planes, networks: NetworkRegistry, report: Report) -> FloatArray:
    """Return the network's probabilities, with 1 for the lines and specks that it considers possible."""
    network, search = split_report(report, (NETWORK_SHARE, 1 - NETWORK_SHARE))
    probability = _run_network(planes, networks)
    network(1.0)
    lines = line_detection.find_lines_and_specks(planes, search)
    count, labels = cv2.connectedComponents((lines > 0).astype(np.uint8), connectivity=8)
    near = cv2.dilate(probability, np.ones((3, 3), dtype=np.uint8))
    mean = np.bincount(labels.ravel(), near.ravel(), count) / np.bincount(labels.ravel(), minlength=count)
    mean[0] = 0
    return np.asarray(
        np.maximum(probability * ~_find_coloured(planes), mean[labels] >= POSSIBLE_LINE), dtype=np.float32
    )


def _find_coloured(planes: Planes) -> npt.NDArray[np.bool_]:
    """Return where the picture is coloured, unlike damaged paper and dirt, which are white, grey or black."""
    least, most = planes.min(axis=0) * 255, planes.max(axis=0) * 255
    return np.asarray(
        (least < LIGHT_LEVEL) & (most > 255 - LIGHT_LEVEL) & (most - least > COLOUR_DIFFERENCE), dtype=np.bool_
    )


def _run_network(planes: Planes, networks: NetworkRegistry) -> FloatArray:
    """Return the network's probabilities, height x width.

    The network maps grey of 0..1, 1 x 1 x height x width with sides that are multiples of 16, to the same shape.
    """
    grey = np.tensordot(LUMA, planes, axes=1).astype(np.float32)
    height, width = grey.shape
    missing = (0, -height % SIDE_MULTIPLE, 0, -width % SIDE_MULTIPLE)
    whole = np.asarray(cv2.copyMakeBorder(grey, *missing, cv2.BORDER_REFLECT_101), dtype=np.float32)
    return networks.load_onnx(SCRATCHES).run(whole[None, None])[0, 0, :height, :width]


def _detect_by_lines(planes: Planes, networks: NetworkRegistry, report: Report) -> FloatArray:
    return line_detection.find_lines_and_specks(planes, report)


SCRATCHES = Backend(
    name="vanceweb scratches (onnxruntime)",
    source=Source.SHIPPED,
    licence=OWN_LICENCE,
    run=_detect_by_network,
    own_files=("scratches.onnx",),
    interface=Interface(
        inputs=((1, 1, None, None),), outputs=((1, 1, None, None),), probe=((1, 1, 64, 64),), result=(1, 1, 64, 64)
    ),
)
LINES_AND_SPECKS = Backend(name="lines and specks", source=Source.NONE, licence=OWN_LICENCE, run=_detect_by_lines)
DAMAGE: Slot[DamageDetector] = Slot("scratches", ("crease_repair",), (SCRATCHES, LINES_AND_SPECKS))
