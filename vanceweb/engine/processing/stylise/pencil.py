"""sketch: photos as pencil drawings on white paper.

Strokes and tones are made apart, after Lu, Xu and Jia, "Combining sketch and tone for pencil drawing production" (NPAR
2012): outlines of the pen's kind, drawn lighter, and hatching that gets denser and darker with the photo's shadows. The
mixture with a softened photo is that of U²-Net's portrait demo, which the service's parameters are named after.
"""

import cv2
import numpy as np

from vanceweb.catalogue.parameters import Params
from vanceweb.engine.processing.analysis.outlines import draw_outlines
from vanceweb.engine.processing.enlarge import weights
from vanceweb.engine.processing.faces.detection import BLAZEFACE, find_faces
from vanceweb.engine.processing.faces.heads import locate_head, segment_head
from vanceweb.engine.processing.image.alpha import get_visible_colours
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.progress import Report, ignore_progress, split_report
from vanceweb.engine.processing.image.resampling import FloatArray
from vanceweb.engine.processing.inference.backends import Backend, Slot, Source
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.messages import Message, gettext_noop
from vanceweb.engine.processing.stylise import canvas

NO_FACE = Message(gettext_noop("No face was found, so the whole picture was drawn."))
SEVERAL_FACES = gettext_noop("%(count)s faces were found; the largest was drawn.")
REFERENCE_SIDE = 640  # px of the canvas's longer side that lengths refer to
OUTLINES = ((0.8, 1.2, 0.6), (1.9, 0.7, 0.4))  # width of a stroke in px, sensitivity to faint edges, darkness
SMOOTHING = 0.9  # px; grain would be drawn as strokes
HATCHINGS = ((45, 0.75, 0.36), (-40, 0.45, 0.36), (80, 0.24, 0.3))  # angle, the lightness below which it begins, depth
HATCH_LENGTH, HATCH_WIDTH = 22.0, 0.8  # px of a stroke
SHADE = 0.38  # darkness of the smoothed tone below the hatching, like a rubbed pencil
DARKEST = 0.12  # lightness of the softest pencil at its darkest
WEIGHTS = (0.1, 0.3, 0.6)  # of the time: the face, the drawing, its enlargement


def draw_with_pencil(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    """Draw the picture, or its largest face alone (`single_face`), in grey on white. Raises `WeightsMissing`.

    With `composite`, the share `alpha` of the photo blurred by `sigma` px is mixed in.
    """
    photo = get_visible_colours(picture)
    finding, drawing, enlarging = split_report(report, WEIGHTS)
    faces = find_faces(photo, networks, finding) if params["single_face"] else []
    sketch = draw_pencil_strokes(canvas.make_canvas(photo), drawing)
    sketch = _to_grey(canvas.enlarge_drawing(sketch, picture.width, picture.height, networks, enlarging))
    if faces:
        part = locate_head(faces[0], picture.width, picture.height)
        inside = (slice(part.top, part.bottom), slice(part.left, part.right))
        paper = np.full_like(sketch, 255)
        mask = segment_head(np.ascontiguousarray(photo[inside]), faces[0], part)
        paper[inside] = canvas.blend_over(paper[inside], sketch[inside], mask)
        sketch = paper
    share = to_fraction(float(params["alpha"])) if params["composite"] else 0.0
    if share:
        sketch = canvas.blend_over(sketch, _blur(photo, float(params["sigma"])), share)
    made = picture.replace_pixels(sketch, picture.alpha).add_backends(PENCIL.name)
    if not params["single_face"]:
        return made
    made = made.add_backends(BLAZEFACE.name)
    if not faces:
        return made.add_note(NO_FACE)
    return made.add_note(Message(SEVERAL_FACES, count=len(faces))) if len(faces) > 1 else made


def draw_pencil_strokes(colours: Pixels, report: Report = ignore_progress) -> Pixels:
    """Draw a canvas (height x width x 3) in grey on white, the same size."""
    unit = max(max(colours.shape[:2]) / REFERENCE_SIDE, 0.35)
    lightness = cv2.cvtColor(colours, cv2.COLOR_RGB2LAB)[..., 0].astype(np.float32) / np.float32(255)
    lightness = _stretch(np.asarray(cv2.GaussianBlur(lightness, (0, 0), SMOOTHING * unit), dtype=np.float32))
    *lining, hatching = split_report(report, (1, 1, 1))
    paper = np.ones_like(lightness)
    for (width, sensitivity, darkness), part in zip(OUTLINES, lining, strict=True):
        paper *= 1 - np.float32(darkness) * draw_outlines(lightness, width * unit, sensitivity, part)
    tone = np.asarray(cv2.bilateralFilter(lightness, 0, 0.1, 4 * unit), dtype=np.float32)
    paper *= 1 - np.float32(SHADE) * (1 - tone) ** 2
    for angle, limit, depth in HATCHINGS:
        denser = np.clip((np.float32(limit) - tone) / np.float32(limit), 0, 1) ** np.float32(0.7)
        paper *= 1 - np.float32(depth) * denser * (np.float32(0.35) + _draw_hatching(tone.shape, angle, unit))
    hatching(1.0)
    grey = np.clip(DARKEST + (1 - DARKEST) * paper, 0, 1) * 255 + 0.5
    return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)


def _to_grey(drawing: Pixels) -> Pixels:
    """Return the drawing in its lightness alone: the network that enlarges it adds a trace of colour."""
    return np.asarray(cv2.merge([cv2.cvtColor(drawing, cv2.COLOR_RGB2GRAY)] * 3), dtype=np.uint8)


def to_fraction(share: float) -> float:
    """Convert the API's `alpha`: a fraction up to 1, as in the service's presets, a percentage above."""
    return share if share <= 1 else share / 100


def _draw_hatching(shape: tuple[int, ...], angle: float, unit: float) -> FloatArray:
    """Return parallel strokes, 0..1 and 0.5 on average: noise smeared at an `angle` in degrees, always the same."""
    height, width = shape[:2]
    grain = np.random.default_rng(round(angle) % 360).random((height, width)).astype(np.float32)
    noise = cv2.GaussianBlur(grain, (0, 0), HATCH_WIDTH * unit)
    length = max(round(HATCH_LENGTH * unit), 3) | 1
    line = np.zeros((length, length), dtype=np.float32)
    line[length // 2] = 1
    turned = cv2.warpAffine(
        line, cv2.getRotationMatrix2D((length // 2, length // 2), angle, 1), (length, length), flags=cv2.INTER_LINEAR
    )
    smeared = cv2.filter2D(noise, -1, turned / turned.sum(), borderType=cv2.BORDER_REFLECT)
    spread = float(smeared.std()) or 1.0
    return np.asarray(np.clip(0.5 + (smeared - float(smeared.mean())) / (3 * spread), 0, 1), dtype=np.float32)


def _stretch(lightness: FloatArray) -> FloatArray:
    """Stretch the lightness to 0..1, so that a dull photo is drawn with black and white, too."""
    low, high = np.percentile(lightness, (1, 99))
    if high - low < 0.05:  # even: nothing to stretch but noise
        return lightness
    return np.asarray(np.clip((lightness - low) / (high - low), 0, 1), dtype=np.float32)


def _blur(photo: Pixels, deviation: float) -> Pixels:
    return np.asarray(cv2.GaussianBlur(photo, (0, 0), deviation), dtype=np.uint8) if deviation else photo


PENCIL = Backend(
    name="pencil drawing+animevideov3 (ncnn)",
    source=Source.SET_UP,
    licence="BSD-3-Clause",
    run=draw_with_pencil,
    weights=(weights.ANIMEVIDEO_X2,),
)
PENCIL_STYLE = Slot("pencil", ("sketch",), (PENCIL,))
