"""cartoonize and animegan2: the whole picture as a clean cartoon, and portraits as an anime's."""

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from vanceweb.catalogue.parameters import ParameterValue
from vanceweb.engine.processing.errors import ProcessingError
from vanceweb.engine.processing.faces.detection import BACKEND as FACE_FINDER
from vanceweb.engine.processing.faces.detection import find_faces
from vanceweb.engine.processing.faces.heads import head_mask, head_part
from vanceweb.engine.processing.image.alpha import visible_colours
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.tiles import Report, part_of
from vanceweb.engine.processing.inference.backends import ANIMEGAN, DRAWN_ANIME, DRAWN_CARTOON, backends_of
from vanceweb.engine.processing.inference.registry import Models
from vanceweb.engine.processing.stylise import canvas
from vanceweb.engine.processing.stylise.drawing import drawn
from vanceweb.engine.processing.stylise.drawing_styles import ANIME, CARTOON

NO_FACE = "No face was found, so the whole picture was converted."
SEVERAL_FACES = "{count} faces were found; the largest was converted."
ANIMEGAN_MULTIPLE = 32  # px that the sides of AnimeGANv2's input are multiples of
SKETCH_SHARE = 0.4  # of the time


def cartoonize(picture: Picture, params: Mapping[str, ParameterValue], models: Models, report: Report) -> Picture:
    """Flat areas, few shades, clean lines. No parameters. Raises `WeightsMissing`."""
    photo = visible_colours(picture)
    sketch = drawn(canvas.canvas(photo), CARTOON)
    report(SKETCH_SHARE)
    cartoon = canvas.grown(sketch, picture.width, picture.height, models, part_of(report, SKETCH_SHARE, 1))
    return picture.with_pixels(cartoon, picture.alpha).by(DRAWN_CARTOON)


def animate(picture: Picture, params: Mapping[str, ParameterValue], models: Models, report: Report) -> Picture:
    """`single_face`: the largest face only, with a soft edge, else everything. Raises `WeightsMissing`."""
    photo = visible_colours(picture)
    backend = models.choose("anime")
    draw = HANDS[backend.name]
    faces = find_faces(photo, models) if params["single_face"] else []
    if not faces:
        anime = _converted(photo, draw, models, report)
        made = picture.with_pixels(anime, picture.alpha).by(backend.name)
        return made.by(FACE_FINDER).noting(NO_FACE) if params["single_face"] else made
    part = head_part(faces[0], picture.width, picture.height)
    inside = (slice(part.top, part.bottom), slice(part.left, part.right))
    own = np.ascontiguousarray(photo[inside])
    mask = head_mask(own, faces[0], part)
    anime = photo.copy()
    anime[inside] = canvas.laid_over(own, _converted(own, draw, models, report), mask)
    made = picture.with_pixels(anime, picture.alpha).by(backend.name, FACE_FINDER)
    return made.noting(SEVERAL_FACES.format(count=len(faces))) if len(faces) > 1 else made


def _converted(photo: Pixels, draw: Callable[[Pixels, Models], Pixels], models: Models, report: Report) -> Pixels:
    """All of `photo` as an anime's, the same size."""
    height, width = photo.shape[:2]
    sketch = draw(canvas.canvas(photo), models)
    report(SKETCH_SHARE)
    return canvas.grown(sketch, width, height, models, part_of(report, SKETCH_SHARE, 1))


def _drawn(canvas: Pixels, models: Models) -> Pixels:
    return drawn(canvas, ANIME)


def _by_animegan(canvas: Pixels, models: Models) -> Pixels:
    """AnimeGANv2's answer: RGB -1..1 in and out, channels first or last as the file has it.

    Raises `ProcessingError`.
    """
    session = models.onnx(ANIMEGAN_BACKEND)
    height, width = canvas.shape[:2]
    down, across = (
        fixed or max(round(side / ANIMEGAN_MULTIPLE), 1) * ANIMEGAN_MULTIPLE
        for fixed, side in zip(session.size, (height, width), strict=True)
    )
    given = cv2.resize(canvas, (across, down), interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(127.5) - 1
    order = (0, 1, 2) if session.channels_last else (2, 0, 1)
    answer = session.run(np.ascontiguousarray(given.transpose(order)[None]))[0]
    answer = answer if session.channels_last else answer.transpose(1, 2, 0)
    if answer.shape != given.shape:
        raise ProcessingError(f"{ANIMEGAN_BACKEND.files[0]} makes a picture of another size than it is given.")
    pixels = np.clip((answer + 1) * np.float32(127.5) + 0.5, 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


HANDS: dict[str, Callable[[Pixels, Models], Pixels]] = {ANIMEGAN: _by_animegan, DRAWN_ANIME: _drawn}
(ANIMEGAN_BACKEND,) = (backend for backend in backends_of("anime") if backend.name == ANIMEGAN)
