"""img2anime: a photo redrawn in one of twelve styles, led by its guides and by the words that set a tone."""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from vanceweb.catalogue.parameters import Params
from vanceweb.catalogue.styles import Style, get_style
from vanceweb.engine.processing.diffusion.painting import LICENCE, PACKAGES, REQUIREMENTS, get_base_folder, repaint
from vanceweb.engine.processing.enlarge import weights
from vanceweb.engine.processing.errors import UnusableWeights
from vanceweb.engine.processing.image.alpha import get_visible_colours
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.tiles import Report, narrow_report
from vanceweb.engine.processing.inference.backends import Backend, Slot, Source
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.stylise import canvas
from vanceweb.engine.processing.stylise.drawing import drawn
from vanceweb.engine.processing.stylise.drawing_styles import STYLES
from vanceweb.engine.processing.stylise.guidance import led
from vanceweb.engine.processing.stylise.prompt_tones import worded
from vanceweb.engine.processing.stylise.style_transfer import PAINTINGS, painted

# From `denoising_strength` to how much the drawing covers: the photo should hardly show through at the default of 0.75.
COVER = 1.5
SKETCH_SHARE, DIFFUSION_SHARE = 0.4, 0.9  # of the time

logger = logging.getLogger(__name__)


def redraw(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    """`model_name` one of `STYLES`, `prompt`, `overwrite`, `denoising_strength` 0 (the photo) to 1 (all drawing).

    By Stable Diffusion where the style's base model is there and can be used, else by the engine's own hand. Raises
    `WeightsMissing`.
    """
    style = get_style(params["model_name"])
    if networks.choose(STYLE) is DIFFUSED_STYLE and networks.find(get_base_folder(style)) is not None:
        try:
            return _diffused(picture, style, params, networks, report)
        except UnusableWeights as error:
            logger.warning(error)
            picture = picture.add_note(error.message)
    return _drawn(picture, params, networks, report)


def _diffused(picture: Picture, style: Style, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    photo = get_visible_colours(picture)
    painted = repaint(
        canvas.canvas(photo),
        style,
        str(params["prompt"]),
        overwrite=bool(params["overwrite"]),
        strength=float(params["denoising_strength"]),
        guides=picture.guides,
        networks=networks,
        report=narrow_report(report, 0, DIFFUSION_SHARE),
    )
    grown = canvas.grown(
        painted.colours, picture.width, picture.height, networks, narrow_report(report, DIFFUSION_SHARE, 1)
    )
    made = replace(picture, grey=False).replace_pixels(grown, picture.alpha).add_backends(DIFFUSED_STYLE.name)
    for note in painted.notes:
        made = made.add_note(note)
    return made


def _drawn(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    strength = float(params["denoising_strength"])
    manner, note = worded(STYLES[str(params["model_name"])], str(params["prompt"]), alone=bool(params["overwrite"]))
    photo = get_visible_colours(picture)
    drawing = led(canvas.canvas(photo), manner, picture.guides)
    paint = partial(painted, networks=networks)
    sketch = drawn(drawing.canvas, drawing.manner, paint=paint, lines=drawing.lines, shape=drawing.shape)
    report(SKETCH_SHARE)
    result = finished(
        photo, sketch, drawing.manner.paper, cover(strength), networks, narrow_report(report, SKETCH_SHARE, 1)
    )
    made = replace(picture, grey=False).replace_pixels(result, picture.alpha).add_backends(DRAWN_STYLE.name)
    if drawing.manner.painter_share:
        made = made.add_backends(PAINTINGS.name)
    return made.add_note(note) if note else made


def finished(
    photo: Pixels, sketch: Pixels, paper: float, share: float, networks: NetworkRegistry, report: Report
) -> Pixels:
    """The canvas `sketch` at the photo's size, on paper, laid over the photo by `share`."""
    height, width = photo.shape[:2]
    drawing = canvas.grown(sketch, width, height, networks, report)
    return canvas.laid_over(photo, canvas.grained(drawing, paper), share)


def cover(strength: float) -> float:
    """How much of the result is drawing, 0..1, for a `denoising_strength` of 0..1."""
    return float(1 - (1 - strength) ** COVER)


DIFFUSED_STYLE = Backend(
    name="stable diffusion 1.5 (diffusers)",
    source=Source.BROUGHT,
    licence=LICENCE,
    run=_diffused,
    own_files=("diffusion",),
    packages=PACKAGES,
    requirements=REQUIREMENTS,
)
DRAWN_STYLE = Backend(
    name="style drawing+animevideov3 (ncnn)",
    source=Source.SET_UP,
    licence="BSD-3-Clause",
    run=_drawn,
    weights=(weights.ANIMEVIDEO_X2,),
)
STYLE: Slot[Callable[..., Picture]] = Slot("style", ("img2anime",), (DIFFUSED_STYLE, DRAWN_STYLE))
