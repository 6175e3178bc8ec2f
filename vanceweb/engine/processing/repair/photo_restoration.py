"""img2sr: a very blurry photo, deblurred and redrawn by Real-ESRGAN, with its faces restored separately.

First, wear and blur are removed as in sharpen3; only this removes shake, which the network would take for lines. The
network enlarges four times and removes the damage that cameras, noise and JPEG do to small pictures. A very blurry
photo is like an enlarged small picture. So it is shrunk by half, which loses little, and the result is averaged down to
the photo's size. The network's drawing is crisp and the deblurred photo is faithful, so the result is mostly the former
and partly the latter. All this would harm a sharp photo, so the measured blur sets the share of the result.
"""

import math

import cv2
import numpy as np

from vanceweb.catalogue.parameters import Params
from vanceweb.engine.processing.analysis.blur import estimate_blurriness
from vanceweb.engine.processing.faces import weights
from vanceweb.engine.processing.faces.restoration import X4PLUS, restore_faces
from vanceweb.engine.processing.image.alpha import get_visible_colours
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.progress import Report, narrow_report
from vanceweb.engine.processing.image.tiles import run_tiled, split_into_tiles
from vanceweb.engine.processing.inference.backends import Backend, Slot, Source
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.messages import Message, gettext_noop
from vanceweb.engine.processing.sharpen.deblurring import remove_degradation_and_blur

SCALE = 4
BORDER = 16  # px; the network looks further, but the px there hardly matter
TILE_SIDE = 144  # px of a tile: the network needs 600 MB for it
MIN_SHRINKING = 2.0  # factor; a quarter of the size distorts faces
MAX_NETWORK_PIXELS = 1_000_000  # of the deblurred picture; larger ones are shrunk further, it takes minutes as it is
NETWORK_SHARE = 0.7  # of the network's drawing; the rest is the deblurred photo
DEBLURRING_SHARE = 0.2  # of the time for redrawing
AUTOMATIC_PARAMS: Params = {"autoparams": True, "suppress_noise": 0.0, "blur_type": 0}
BLOCK_SIDE = 512  # px, the side of the part that is blended at once
WHOLE_SHARE = 0.8  # of the time, when faces follow


def restore(
    picture: Picture,
    params: Params,
    networks: NetworkRegistry,
    report: Report,
    *,
    tile_side: int = TILE_SIDE,
) -> Picture:
    """Restore the picture, with `strength` 0-1 as the share of the result, and its faces if `face_enhancer` is set.

    Raises `WeightsMissing`.
    """
    wants_faces, strength = bool(params["face_enhancer"]), float(params["strength"])
    colours = source = get_visible_colours(picture)
    picture = picture.add_backends(X4PLUS_PHOTOS.name)
    share = strength * estimate_blurriness(colours)
    done = WHOLE_SHARE if wants_faces else 1.0
    if share:
        result, makers = redraw_blurry_photo(colours, networks, narrow_report(report, 0, done), tile_side)
        colours, picture = blend_in_place(source, result, share), picture.add_backends(*makers)
    else:
        picture = picture.add_note(Message(gettext_noop("The photo is already sharp, so it was left as it is.")))
    if wants_faces:
        restored = restore_faces(colours, source, strength, networks, narrow_report(report, done, 1))
        colours, picture = restored.colours, picture.add_backends(*restored.made_by)
        if not restored.face_count:
            picture = picture.add_note(
                Message(gettext_noop("No face was found; the rest of the picture was restored."))
            )
    report(1.0)
    return picture.replace_pixels(colours, picture.alpha)


def redraw_blurry_photo(
    colours: Pixels, networks: NetworkRegistry, report: Report, tile_side: int
) -> tuple[Pixels, list[str]]:
    """Deblur the whole picture and redraw it by the network, the same size; return it and the other backends used."""
    height, width = colours.shape[:2]
    factor = max(MIN_SHRINKING, math.sqrt(height * width / MAX_NETWORK_PIXELS))
    working = _resize(colours, width * MIN_SHRINKING / factor, height * MIN_SHRINKING / factor)
    clear, makers = remove_degradation_and_blur(
        working, AUTOMATIC_PARAMS, networks, narrow_report(report, 0, DEBLURRING_SHARE)
    )
    small = _resize(clear, width / factor, height / factor)
    rest = narrow_report(report, DEBLURRING_SHARE, 1)
    large = run_tiled(small, networks.load_ncnn(X4PLUS).run, scale=SCALE, border=BORDER, side=tile_side, report=rest)
    return blend_in_place(_resize(clear, width, height), _resize(large, width, height), NETWORK_SHARE), makers


def _resize(colours: Pixels, width: float, height: float) -> Pixels:
    size = max(round(width), 1), max(round(height), 1)
    if size == colours.shape[1::-1]:
        return colours
    interpolation = cv2.INTER_AREA if size[0] <= colours.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(colours, size, interpolation=interpolation), dtype=np.uint8)


def blend_in_place(original: Pixels, result: Pixels, share: float) -> Pixels:
    """Blend `share` 0..1 of the result with the original, tile by tile and in place of the result."""
    for tile in split_into_tiles(original.shape[0], original.shape[1], BLOCK_SIDE):
        inside = (slice(tile.top, tile.bottom), slice(tile.left, tile.right))
        cv2.addWeighted(result[inside], share, original[inside], 1 - share, 0, dst=result[inside])
    return result


X4PLUS_PHOTOS = Backend(
    name="realesrgan-x4plus (ncnn)",
    source=Source.SET_UP,
    licence="BSD-3-Clause",
    run=redraw_blurry_photo,
    weights=(weights.X4PLUS,),
)
RESTORATION = Slot("restoration", ("img2sr",), (X4PLUS_PHOTOS,))
