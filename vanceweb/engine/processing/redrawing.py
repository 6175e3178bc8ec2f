"""img2anime: a photo redrawn in one of twelve styles, led by its guides and by the words that set a tone."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from vanceweb.catalogue.parameters import ParameterValue
from vanceweb.engine.processing import canvases
from vanceweb.engine.processing.alpha import visible_colours
from vanceweb.engine.processing.arrays import Pixels
from vanceweb.engine.processing.backends import DRAWN_STYLE, PAINTINGS
from vanceweb.engine.processing.guidance import led
from vanceweb.engine.processing.manners import STYLES
from vanceweb.engine.processing.models import Models
from vanceweb.engine.processing.painting import painted
from vanceweb.engine.processing.picture import Picture
from vanceweb.engine.processing.sketching import drawn
from vanceweb.engine.processing.tiles import Report, part_of
from vanceweb.engine.processing.wording import worded

# From `denoising_strength` to how much the drawing covers: the photo should hardly show through at the default of 0.75.
COVER = 1.5
SKETCH_SHARE = 0.4  # of the time


def redraw(picture: Picture, params: Mapping[str, ParameterValue], models: Models, report: Report) -> Picture:
    """`model_name` one of `STYLES`, `prompt`, `overwrite`, `denoising_strength` 0 (the photo) to 1 (all drawing).

    Raises `WeightsMissing`.
    """
    strength = float(params["denoising_strength"])
    manner, note = worded(STYLES[str(params["model_name"])], str(params["prompt"]), alone=bool(params["overwrite"]))
    photo = visible_colours(picture)
    drawing = led(canvases.canvas(photo), manner, picture.guides)
    paint = partial(painted, models=models)
    sketch = drawn(drawing.canvas, drawing.manner, paint=paint, lines=drawing.lines, shape=drawing.shape)
    report(SKETCH_SHARE)
    result = finished(photo, sketch, drawing.manner.paper, cover(strength), models, part_of(report, SKETCH_SHARE, 1))
    made = replace(picture, grey=False).with_pixels(result, picture.alpha).by(DRAWN_STYLE)
    if drawing.manner.painter_share:
        made = made.by(PAINTINGS)
    return made.noting(note) if note else made


def finished(photo: Pixels, sketch: Pixels, paper: float, share: float, models: Models, report: Report) -> Pixels:
    """The canvas `sketch` at the photo's size, on paper, laid over the photo by `share`."""
    height, width = photo.shape[:2]
    drawing = canvases.grown(sketch, width, height, models, report)
    return canvases.laid_over(photo, canvases.grained(drawing, paper), share)


def cover(strength: float) -> float:
    """How much of the result is drawing, 0..1, for a `denoising_strength` of 0..1."""
    return float(1 - (1 - strength) ** COVER)
