"""img2sr: a very blurry photo freed from its blur, then drawn anew by Real-ESRGAN, its faces on their own.

First wear and blur are undone as sharpen3 does it: shake, which the network would take for lines, goes by that alone.
The network enlarges four times and takes away what cameras, noise and JPEG did to small pictures. A very blurry photo
is a small picture enlarged: so it is shrunk by half, which loses little of it, and the result is averaged down to its
size. The network's drawing is crisp, the deblurred photo true: most of the one and some of the other is taken. What is
sharp already would lose by all that. So the measured blur says how much of the result is taken.
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
from vanceweb.engine.processing.image.tiles import Report, narrow_report, run_tiled, split_into_tiles
from vanceweb.engine.processing.inference.backends import Backend, Slot, Source
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.messages import Message, gettext_noop
from vanceweb.engine.processing.sharpen.deblurring import remove_degradation_and_blur

SCALE = 4
BORDER = 16  # px; the network looks further, but what lies there hardly matters
TILE_SIDE = 144  # px of a tile: the network needs 600 MB for it
SHRINK = 2.0  # at least; a quarter of the size distorts faces
WORKING = 1_000_000  # px that the network gets at most: larger pictures are shrunk further, it takes minutes as it is
DRAWN = 0.7  # how much of the network's drawing is taken, the rest is the deblurred photo
DEBLURRING_SHARE = 0.2  # of the time that drawing anew takes
AUTOMATIC: Params = {"autoparams": True, "suppress_noise": 0.0, "blur_type": 0}
BAND = 512  # px, the side of what is blended at once
WHOLE_SHARE = 0.8  # of the time, when faces follow


def restore(
    picture: Picture,
    params: Params,
    networks: NetworkRegistry,
    report: Report,
    *,
    tile_side: int = TILE_SIDE,
) -> Picture:
    """`strength` 0-1 is how much is taken of the result, `face_enhancer`: faces too. Raises `WeightsMissing`."""
    wants_faces, strength = bool(params["face_enhancer"]), float(params["strength"])
    colours = source = get_visible_colours(picture)
    picture = picture.add_backends(X4PLUS_PHOTOS.name)
    share = strength * estimate_blurriness(colours)
    done = WHOLE_SHARE if wants_faces else 1.0
    if share:
        result, makers = redrawn(colours, networks, narrow_report(report, 0, done), tile_side)
        colours, picture = blended(source, result, share), picture.add_backends(*makers)
    else:
        picture = picture.add_note(Message(gettext_noop("The photo is sharp already: it was left as it is.")))
    if wants_faces:
        restored = restore_faces(colours, source, strength, networks, narrow_report(report, done, 1))
        colours, picture = restored.colours, picture.add_backends(*restored.made_by)
        if not restored.face_count:
            picture = picture.add_note(
                Message(gettext_noop("No face was found; the rest of the picture was restored."))
            )
    report(1.0)
    return picture.replace_pixels(colours, picture.alpha)


def redrawn(colours: Pixels, networks: NetworkRegistry, report: Report, tile_side: int) -> tuple[Pixels, list[str]]:
    """The whole picture deblurred and as the network draws it, of the same size, and by which backends beside it."""
    height, width = colours.shape[:2]
    factor = max(SHRINK, math.sqrt(height * width / WORKING))
    working = _sized(colours, width * SHRINK / factor, height * SHRINK / factor)
    clear, makers = remove_degradation_and_blur(
        working, AUTOMATIC, networks, narrow_report(report, 0, DEBLURRING_SHARE)
    )
    small = _sized(clear, width / factor, height / factor)
    rest = narrow_report(report, DEBLURRING_SHARE, 1)
    large = run_tiled(small, networks.load_ncnn(X4PLUS).run, scale=SCALE, border=BORDER, side=tile_side, report=rest)
    return blended(_sized(clear, width, height), _sized(large, width, height), DRAWN), makers


def _sized(colours: Pixels, width: float, height: float) -> Pixels:
    size = max(round(width), 1), max(round(height), 1)
    if size == colours.shape[1::-1]:
        return colours
    way = cv2.INTER_AREA if size[0] <= colours.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(colours, size, interpolation=way), dtype=np.uint8)


def blended(original: Pixels, result: Pixels, share: float) -> Pixels:
    """`share` 0..1 of the result, the rest of the original; in place of the result, tile by tile."""
    for tile in split_into_tiles(original.shape[0], original.shape[1], BAND):
        inside = (slice(tile.top, tile.bottom), slice(tile.left, tile.right))
        cv2.addWeighted(result[inside], share, original[inside], 1 - share, 0, dst=result[inside])
    return result


X4PLUS_PHOTOS = Backend(
    name="realesrgan-x4plus (ncnn)",
    source=Source.SET_UP,
    licence="BSD-3-Clause",
    run=redrawn,
    weights=(weights.X4PLUS,),
)
RESTORATION = Slot("restoration", ("img2sr",), (X4PLUS_PHOTOS,))
