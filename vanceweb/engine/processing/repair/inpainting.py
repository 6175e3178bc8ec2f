"""Filling holes in a picture from their surroundings.

Among OpenCV's methods, frequency selective extrapolation (Seiler et al., 2015) is 1.5 to 3 dB better than Telea and
Navier-Stokes on lines of any width, at a hundred times their cost. So it is used where it finishes in reasonable time.
"""

from collections.abc import Callable

import cv2
import numpy as np

from vanceweb.engine.processing.image.arrays import Mask, Pixels, to_pixels, to_planes
from vanceweb.engine.processing.image.progress import Report, report_each
from vanceweb.engine.processing.image.tiles import Tile, cut_with_border, split_into_tiles
from vanceweb.engine.processing.inference.backends import Backend, Slot, Source
from vanceweb.engine.processing.inference.interfaces import Interface
from vanceweb.engine.processing.inference.registry import NetworkRegistry

Inpainter = Callable[[Pixels, Mask, NetworkRegistry], Pixels]

LAMA_SIDE, LAMA_BORDER = 512, 64  # px: LaMa's input, and the border on each side that is only context
TILE_SIDE, BORDER = 192, 24  # px of the tiles of frequency selective extrapolation
MAX_FSE_PIXELS = 150_000  # that frequency selective extrapolation fills in a picture in about a minute
RADIUS = 3  # px around each px that the quick method uses
MAX_HOLE_SHARE = 0.6  # of a tile; beyond it, too little is left to extrapolate from


def inpaint(colours: Pixels, mask: Mask, networks: NetworkRegistry, report: Report) -> tuple[Pixels, str]:
    """Return the picture, filled in where the mask isn't 0 and otherwise untouched, and the backend's name."""
    backend = networks.choose(INPAINTING)
    side, border = (LAMA_SIDE - 2 * LAMA_BORDER, LAMA_BORDER) if backend is LAMA else (TILE_SIDE, BORDER)
    fill = backend.run
    if backend is FREQUENCY_SELECTIVE and np.count_nonzero(mask) > MAX_FSE_PIXELS:
        fill = _inpaint_quickly
    result = colours.copy()
    tiles = [
        tile
        for tile in split_into_tiles(colours.shape[0], colours.shape[1], side)
        if mask[tile.top : tile.bottom, tile.left : tile.right].any()
    ]
    for tile in report_each(tiles, report):
        holes = cut_with_border(mask, tile, border)
        made = fill(cut_with_border(colours, tile, border), holes, networks)
        _copy_into_holes(result, mask, tile, made, border)
    report(1.0)
    return result, backend.name


def _copy_into_holes(result: Pixels, mask: Mask, tile: Tile, made: Pixels, border: int) -> None:
    """Copy the px of the mask from an inpainted tile with its border into `result`."""
    inside = (slice(tile.top, tile.bottom), slice(tile.left, tile.right))
    hole = mask[inside] > 0
    height, width = hole.shape
    result[inside][hole] = made[border : border + height, border : border + width][hole]


def _run_lama(colours: Pixels, holes: Mask, networks: NetworkRegistry) -> Pixels:
    """Run LaMa: 1 x 3 x 512 x 512 of 0..1 and 1 x 1 x 512 x 512 of 0 or 1; returns 0..1 or, in some exports, 0..255."""
    height, width = holes.shape
    missing = (0, LAMA_SIDE - height, 0, LAMA_SIDE - width)
    whole = np.asarray(cv2.copyMakeBorder(colours, *missing, cv2.BORDER_REFLECT_101), dtype=np.uint8)
    hole = cv2.copyMakeBorder((holes > 0).astype(np.float32), *missing, cv2.BORDER_CONSTANT, value=0)
    made = networks.load_onnx(LAMA).run(to_planes(whole)[None], np.asarray(hole[None, None], dtype=np.float32))[0]
    if made.max() > 2:
        made = made / np.float32(255)
    return to_pixels(np.asarray(made, dtype=np.float32))[:height, :width]


def _extrapolate(colours: Pixels, holes: Mask, networks: NetworkRegistry) -> Pixels:
    if min(holes.shape) < 8 or np.count_nonzero(holes) > MAX_HOLE_SHARE * holes.size:
        return _inpaint_quickly(colours, holes, networks)
    made = np.empty_like(colours)
    cv2.xphoto.inpaint(np.ascontiguousarray(colours), np.where(holes > 0, 0, 255).astype(np.uint8), made,
                       cv2.xphoto.INPAINT_FSR_FAST)  # fmt: skip
    return made


def _inpaint_quickly(colours: Pixels, holes: Mask, networks: NetworkRegistry) -> Pixels:
    return np.asarray(cv2.inpaint(colours, (holes > 0).astype(np.uint8), RADIUS, cv2.INPAINT_NS), dtype=np.uint8)


LAMA = Backend(
    name="lama (onnxruntime)",
    source=Source.BROUGHT,
    licence="Apache-2.0",
    run=_run_lama,
    own_files=("inpaint/lama.onnx",),
    interface=Interface(inputs=((1, 3, 512, 512), (1, 1, 512, 512)), outputs=((1, 3, 512, 512),)),
)
FREQUENCY_SELECTIVE = Backend(
    name="frequency selective (opencv)", source=Source.NONE, licence="Apache-2.0", run=_extrapolate
)
INPAINTING: Slot[Inpainter] = Slot("inpaint", ("crease_repair",), (LAMA, FREQUENCY_SELECTIVE))
