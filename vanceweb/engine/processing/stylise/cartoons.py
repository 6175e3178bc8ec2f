"""cartoonize and animegan2: pictures as clean cartoons, and portraits in the style of anime."""

from collections.abc import Callable

import cv2
import numpy as np

from vanceweb.catalogue.parameters import Params
from vanceweb.engine.processing.enlarge import weights
from vanceweb.engine.processing.errors import ProcessingError
from vanceweb.engine.processing.faces.detection import BLAZEFACE, find_faces
from vanceweb.engine.processing.faces.heads import locate_head, segment_head
from vanceweb.engine.processing.image.alpha import get_visible_colours
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.progress import Report, narrow_report, split_report
from vanceweb.engine.processing.inference.backends import Backend, Slot, Source
from vanceweb.engine.processing.inference.interfaces import Interface
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.messages import Message, gettext_noop
from vanceweb.engine.processing.stylise import canvas
from vanceweb.engine.processing.stylise.drawing import draw_in_style
from vanceweb.engine.processing.stylise.drawing_styles import ANIME, CARTOON

NO_FACE = Message(gettext_noop("No face was found, so the whole picture was converted."))
SEVERAL_FACES = gettext_noop("%(count)s faces were found; the largest was converted.")
ANIMEGAN_SIDE_MULTIPLE = 32  # px; the sides of AnimeGANv2's input are multiples of it
SKETCH_SHARE = 0.4  # of the time for a drawing
FACE_SHARE = 0.1  # of the time, for finding the face

AnimeArtist = Callable[[Pixels, NetworkRegistry, Report], Pixels]


def cartoonize(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    """Draw the picture with flat areas, few shades and clean lines. No parameters. Raises `WeightsMissing`."""
    photo = get_visible_colours(picture)
    sketching, enlarging = split_report(report, (SKETCH_SHARE, 1 - SKETCH_SHARE))
    sketch = draw_in_style(canvas.make_canvas(photo), CARTOON, report=sketching)
    cartoon = canvas.enlarge_drawing(sketch, picture.width, picture.height, networks, enlarging)
    return picture.replace_pixels(cartoon, picture.alpha).add_backends(DRAWN_CARTOON.name)


def animate(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    """Draw the largest face (`single_face`), with a soft edge, or everything as anime. Raises `WeightsMissing`."""
    photo = get_visible_colours(picture)
    backend = networks.choose(ANIME_STYLE)
    rest = narrow_report(report, FACE_SHARE, 1) if params["single_face"] else report
    faces = find_faces(photo, networks, narrow_report(report, 0, FACE_SHARE)) if params["single_face"] else []
    if not faces:
        anime = _draw_anime(photo, backend.run, networks, rest)
        made = picture.replace_pixels(anime, picture.alpha).add_backends(backend.name)
        return made.add_backends(BLAZEFACE.name).add_note(NO_FACE) if params["single_face"] else made
    part = locate_head(faces[0], picture.width, picture.height)
    inside = (slice(part.top, part.bottom), slice(part.left, part.right))
    own = np.ascontiguousarray(photo[inside])
    mask = segment_head(own, faces[0], part)
    anime = photo.copy()
    anime[inside] = canvas.blend_over(own, _draw_anime(own, backend.run, networks, rest), mask)
    made = picture.replace_pixels(anime, picture.alpha).add_backends(backend.name, BLAZEFACE.name)
    return made.add_note(Message(SEVERAL_FACES, count=len(faces))) if len(faces) > 1 else made


def _draw_anime(photo: Pixels, draw: AnimeArtist, networks: NetworkRegistry, report: Report) -> Pixels:
    """Draw all of `photo` as anime, the same size."""
    height, width = photo.shape[:2]
    sketching, enlarging = split_report(report, (SKETCH_SHARE, 1 - SKETCH_SHARE))
    sketch = draw(canvas.make_canvas(photo), networks, sketching)
    sketching(1.0)
    return canvas.enlarge_drawing(sketch, width, height, networks, enlarging)


def _draw_in_anime_style(canvas: Pixels, networks: NetworkRegistry, report: Report) -> Pixels:
    return draw_in_style(canvas, ANIME, report=report)


def _run_animegan(canvas: Pixels, networks: NetworkRegistry, report: Report) -> Pixels:
    """Run AnimeGANv2: RGB -1..1 in and out, channels first or last as in the file.

    Raises `ProcessingError`.
    """
    session = networks.load_onnx(ANIMEGAN)
    height, width = canvas.shape[:2]
    down, across = (
        fixed or max(round(side / ANIMEGAN_SIDE_MULTIPLE), 1) * ANIMEGAN_SIDE_MULTIPLE
        for fixed, side in zip(session.size, (height, width), strict=True)
    )
    given = cv2.resize(canvas, (across, down), interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(127.5) - 1
    order = (0, 1, 2) if session.channels_last else (2, 0, 1)
    answer = session.run(np.ascontiguousarray(given.transpose(order)[None]))[0]
    answer = answer if session.channels_last else answer.transpose(1, 2, 0)
    if answer.shape != given.shape:
        raise ProcessingError(
            gettext_noop("%(file)s makes a picture of a different size than its input."), file=ANIMEGAN.files[0]
        )
    pixels = np.clip((answer + 1) * np.float32(127.5) + 0.5, 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


DRAWN_CARTOON = Backend(
    name="cartoon drawing+animevideov3 (ncnn)",
    source=Source.SET_UP,
    licence="BSD-3-Clause",
    run=cartoonize,
    weights=(weights.ANIMEVIDEO_X2,),
)
CARTOON_STYLE = Slot("cartoon", ("cartoonize",), (DRAWN_CARTOON,))
ANIMEGAN = Backend(
    name="AnimeGANv2 (onnxruntime)",
    source=Source.BROUGHT,
    licence="of the file brought",
    run=_run_animegan,
    own_files=("animegan2/animegan2.onnx",),
    interface=Interface(
        inputs=((1, 3, None, None),),
        outputs=((1, 3, None, None),),
        probe=((1, 3, 64, 64),),
        result=(1, 3, 64, 64),
        alternative=Interface(
            inputs=((1, None, None, 3),),
            outputs=((1, None, None, 3),),
            probe=((1, 64, 64, 3),),
            result=(1, 64, 64, 3),
        ),
    ),
)
DRAWN_ANIME = Backend(
    name="anime drawing+animevideov3 (ncnn)",
    source=Source.SET_UP,
    licence="BSD-3-Clause",
    run=_draw_in_anime_style,
    weights=(weights.ANIMEVIDEO_X2,),
)
ANIME_STYLE = Slot("anime", ("animegan2",), (ANIMEGAN, DRAWN_ANIME))
