"""The effect of the guides of `cn_configs` on a drawing, by their kind (`cn_name`)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import cv2
import numpy as np

from vanceweb.engine.processing.image.alpha import get_visible_colours
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Guide, Picture
from vanceweb.engine.processing.stylise.drawing_styles import DrawingStyle


class GuidedPart(Enum):
    """The part of a drawing that follows a guide's picture."""

    AREAS = "areas"
    LINES = "lines"
    SHAPE = "shape"


@dataclass(frozen=True)
class GuideEffect:
    """The effect of a kind of guide: the part of the drawing that follows its picture, and the change to the style.

    `detail`, `flatness` and `softness` make the drawing more or less realistic; `ink`, `width` and `sensitivity` change
    its lines and `dots` its dots. `detail` is a minimum, `ink` and `relief` are added, and all others are factors.
    """

    part: GuidedPart
    detail: float = 0.0
    flatness: float = 1.0
    softness: float = 1.0
    ink: float = 0.0
    width: float = 1.0
    sensitivity: float = 1.0
    relief: float = 0.0
    dots: float = 1.0


GUIDE_EFFECTS: dict[str, GuideEffect] = {
    "cartoon_tile": GuideEffect(GuidedPart.AREAS, ink=0.1, flatness=2.0),
    "cartoon_lineart": GuideEffect(GuidedPart.LINES, detail=0.65, flatness=0.1, softness=0.5, width=0.8),
    "cartoon_normal": GuideEffect(GuidedPart.SHAPE, relief=0.35, flatness=1.5),
    "cartoon_canny": GuideEffect(GuidedPart.LINES, detail=0.65, flatness=0.2, softness=0.5, width=0.6, dots=0.5),
    "more_cartoon_lineart": GuideEffect(GuidedPart.LINES, ink=0.55, flatness=4.0),
    "more_real_lineart": GuideEffect(GuidedPart.LINES, detail=0.5, flatness=0.5, softness=0.6),
    "cartoon_normal_noforge": GuideEffect(GuidedPart.SHAPE, relief=0.2),
}
GUIDED_INK = 0.6  # the minimum for lines that come from another picture
AREA_COLOUR_SHARE = 0.6  # how far large areas move towards the colours of another picture
AREA_BLUR = 0.04  # of the longer side: the blur that leaves only large areas


@dataclass(frozen=True)
class GuidedDrawing:
    """A style, the canvas to draw and the guides' pictures of its size, if any."""

    style: DrawingStyle
    canvas: Pixels
    lines: Pixels | None = None
    shape: Pixels | None = None


def apply_guides(canvas: Pixels, style: DrawingStyle, guides: Sequence[Guide]) -> GuidedDrawing:
    """Apply the guides to the canvas and the style. Unknown kinds change nothing."""
    result = GuidedDrawing(style, canvas)
    for guide in guides:
        effect = GUIDE_EFFECTS.get(guide.cn_name)
        if effect is not None:
            result = replace(result, style=_change_style(result.style, effect))
            if guide.picture is not None:
                result = _follow_picture(result, effect.part, _fit_to_canvas(guide.picture, canvas))
    return result


def _change_style(style: DrawingStyle, effect: GuideEffect) -> DrawingStyle:
    return replace(
        style,
        detail=max(style.detail, effect.detail),
        flatness=style.flatness * effect.flatness,
        softness=style.softness * effect.softness,
        line_ink=min(style.line_ink + effect.ink, 1.0),
        line_width=style.line_width * effect.width,
        line_sensitivity=style.line_sensitivity * effect.sensitivity,
        relief=style.relief + effect.relief,
        dots=style.dots * effect.dots,
    )


def _follow_picture(drawing: GuidedDrawing, part: GuidedPart, picture: Pixels) -> GuidedDrawing:
    if part is GuidedPart.LINES:
        style = replace(drawing.style, line_ink=max(drawing.style.line_ink, GUIDED_INK))
        return replace(drawing, style=style, lines=picture)
    if part is GuidedPart.SHAPE:
        return replace(drawing, shape=picture)
    return replace(drawing, canvas=_shift_area_colours(drawing.canvas, picture))


def _fit_to_canvas(picture: Picture, canvas: Pixels) -> Pixels:
    """Stretch the guide's picture to the canvas's size, as for a ControlNet."""
    height, width = canvas.shape[:2]
    return np.asarray(
        cv2.resize(get_visible_colours(picture), (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8
    )


def _shift_area_colours(canvas: Pixels, guide: Pixels) -> Pixels:
    """Move the canvas's large areas towards the guide's colours and keep its own detail."""
    reach = max(max(canvas.shape[:2]) * AREA_BLUR, 1.0)
    own, other = (cv2.GaussianBlur(colours.astype(np.float32), (0, 0), reach) for colours in (canvas, guide))
    return np.clip(canvas + np.float32(AREA_COLOUR_SHARE) * (other - own) + 0.5, 0, 255).astype(np.uint8)
