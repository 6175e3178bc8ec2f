"""How the guides of `cn_configs` lead a drawing: what each kind (`cn_name`) is taken for, and how strongly."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import cv2
import numpy as np

from vanceweb.engine.processing.image.alpha import get_visible_colours
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Guide, Picture
from vanceweb.engine.processing.stylise.drawing_styles import Manner


class Part(Enum):
    """What of a guide's picture a drawing follows."""

    AREAS = "areas"
    LINES = "lines"
    SHAPE = "shape"


@dataclass(frozen=True)
class Lead:
    """What a kind of guide does: the part of its picture that is followed, and the change to the manner.

    `detail`, `flatness` and `softness` decide how real the drawing looks, `ink`, `width` and `sensitivity` its lines,
    `surface` its dots. All are factors but `detail`, the least there is, and `ink` and `relief`, which are added.
    """

    part: Part
    detail: float = 0.0
    flatness: float = 1.0
    softness: float = 1.0
    ink: float = 0.0
    width: float = 1.0
    sensitivity: float = 1.0
    relief: float = 0.0
    surface: float = 1.0


LEADS: dict[str, Lead] = {
    "cartoon_tile": Lead(Part.AREAS, ink=0.1, flatness=2.0),
    "cartoon_lineart": Lead(Part.LINES, detail=0.65, flatness=0.1, softness=0.5, width=0.8),
    "cartoon_normal": Lead(Part.SHAPE, relief=0.35, flatness=1.5),
    "cartoon_canny": Lead(Part.LINES, detail=0.65, flatness=0.2, softness=0.5, width=0.6, surface=0.5),
    "more_cartoon_lineart": Lead(Part.LINES, ink=0.55, flatness=4.0),
    "more_real_lineart": Lead(Part.LINES, detail=0.5, flatness=0.5, softness=0.6),
    "cartoon_normal_noforge": Lead(Part.SHAPE, relief=0.2),
}
GUIDED_INK = 0.6  # the least that lines taken from another picture are drawn with
AREAS_SHARE = 0.6  # how far large areas go over to the colours of another picture
AREAS_BLUR = 0.04  # of the longer side: what counts as a large area


@dataclass(frozen=True)
class Led:
    """A manner and the pictures that lead it, all of the canvas's size."""

    manner: Manner
    canvas: Pixels
    lines: Pixels | None = None
    shape: Pixels | None = None


def led(canvas: Pixels, manner: Manner, guides: Sequence[Guide]) -> Led:
    """What to draw, and how, after the guides. Kinds that are not known change nothing."""
    result = Led(manner, canvas)
    for guide in guides:
        lead = LEADS.get(guide.cn_name)
        if lead is not None:
            result = replace(result, manner=_changed(result.manner, lead))
            if guide.picture is not None:
                result = _following(result, lead.part, _fitted(guide.picture, canvas))
    return result


def _changed(manner: Manner, lead: Lead) -> Manner:
    return replace(
        manner,
        detail=max(manner.detail, lead.detail),
        flatness=manner.flatness * lead.flatness,
        softness=manner.softness * lead.softness,
        line_ink=min(manner.line_ink + lead.ink, 1.0),
        line_width=manner.line_width * lead.width,
        line_sensitivity=manner.line_sensitivity * lead.sensitivity,
        relief=manner.relief + lead.relief,
        dots=manner.dots * lead.surface,
    )


def _following(drawing: Led, part: Part, picture: Pixels) -> Led:
    if part is Part.LINES:
        manner = replace(drawing.manner, line_ink=max(drawing.manner.line_ink, GUIDED_INK))
        return replace(drawing, manner=manner, lines=picture)
    if part is Part.SHAPE:
        return replace(drawing, shape=picture)
    return replace(drawing, canvas=_recoloured(drawing.canvas, picture))


def _fitted(picture: Picture, canvas: Pixels) -> Pixels:
    """The guide at the canvas's size, whatever its proportions, as a ControlNet gets it."""
    height, width = canvas.shape[:2]
    return np.asarray(
        cv2.resize(get_visible_colours(picture), (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8
    )


def _recoloured(canvas: Pixels, guide: Pixels) -> Pixels:
    """The canvas with its large areas moved towards the guide's colours there, and its own detail."""
    reach = max(max(canvas.shape[:2]) * AREAS_BLUR, 1.0)
    own, other = (cv2.GaussianBlur(colours.astype(np.float32), (0, 0), reach) for colours in (canvas, guide))
    return np.clip(canvas + np.float32(AREAS_SHARE) * (other - own) + 0.5, 0, 255).astype(np.uint8)
