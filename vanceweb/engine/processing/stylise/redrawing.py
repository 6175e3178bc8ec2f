"""img2anime: a photo redrawn in one of twelve styles, with guides and words that set a tone."""

import logging
from collections.abc import Callable
from functools import partial

from vanceweb.catalogue.parameters import Params
from vanceweb.catalogue.styles import Style, get_style
from vanceweb.engine.processing.diffusion.painting import LICENCE, PACKAGES, REQUIREMENTS, get_base_folder, repaint
from vanceweb.engine.processing.enlarge import weights
from vanceweb.engine.processing.errors import UnusableWeights
from vanceweb.engine.processing.image.alpha import get_visible_colours
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.colour_spaces import prepare_for_colour
from vanceweb.engine.processing.image.picture import Picture
from vanceweb.engine.processing.image.progress import Report, narrow_report
from vanceweb.engine.processing.inference.backends import Backend, Slot, Source
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.stylise import canvas
from vanceweb.engine.processing.stylise.drawing import draw_in_style
from vanceweb.engine.processing.stylise.drawing_styles import DRAWING_STYLES
from vanceweb.engine.processing.stylise.guidance import apply_guides
from vanceweb.engine.processing.stylise.prompt_tones import apply_prompt_tones
from vanceweb.engine.processing.stylise.style_transfer import STYLE_NETWORK, transfer_style

# Turns `denoising_strength` into the share of the drawing: at the default of 0.75 the photo should hardly show through.
SHARE_EXPONENT = 1.5
SKETCH_SHARE, DIFFUSION_SHARE = 0.4, 0.9  # of the time

logger = logging.getLogger(__name__)


def redraw(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    """Redraw the picture in the style `model_name`, one of `DRAWING_STYLES`, with `prompt` and `overwrite`.

    `denoising_strength` is 0 (the photo) to 1 (all drawing). Stable Diffusion paints it if the style's base model is
    there and can be used; otherwise the engine draws it itself. Raises `WeightsMissing`.
    """
    picture = prepare_for_colour(picture)
    style = get_style(params["model_name"])
    if networks.choose(STYLE) is DIFFUSED_STYLE and networks.find(get_base_folder(style)) is not None:
        try:
            return _paint_by_diffusion(picture, style, params, networks, report)
        except UnusableWeights as error:
            logger.warning(error)
            picture = picture.add_note(error.message)
    return _draw_without_diffusion(picture, params, networks, report)


def _paint_by_diffusion(
    picture: Picture, style: Style, params: Params, networks: NetworkRegistry, report: Report
) -> Picture:
    photo = get_visible_colours(picture)
    painted = repaint(
        canvas.make_canvas(photo),
        style,
        str(params["prompt"]),
        overwrite=bool(params["overwrite"]),
        strength=float(params["denoising_strength"]),
        guides=picture.guides,
        networks=networks,
        report=narrow_report(report, 0, DIFFUSION_SHARE),
    )
    enlarged = canvas.enlarge_drawing(
        painted.colours, picture.width, picture.height, networks, narrow_report(report, DIFFUSION_SHARE, 1)
    )
    made = picture.replace_pixels(enlarged, picture.alpha).add_backends(DIFFUSED_STYLE.name)
    for note in painted.notes:
        made = made.add_note(note)
    return made


def _draw_without_diffusion(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    strength = float(params["denoising_strength"])
    style, note = apply_prompt_tones(
        DRAWING_STYLES[str(params["model_name"])], str(params["prompt"]), overwrite=bool(params["overwrite"])
    )
    photo = get_visible_colours(picture)
    drawing = apply_guides(canvas.make_canvas(photo), style, picture.guides)
    paint = partial(transfer_style, networks=networks)
    sketch = draw_in_style(
        drawing.canvas,
        drawing.style,
        paint=paint,
        lines=drawing.lines,
        shape=drawing.shape,
        report=narrow_report(report, 0, SKETCH_SHARE),
    )
    result = finish_drawing(
        photo,
        sketch,
        drawing.style.paper,
        get_drawing_share(strength),
        networks,
        narrow_report(report, SKETCH_SHARE, 1),
    )
    made = picture.replace_pixels(result, picture.alpha).add_backends(DRAWN_STYLE.name)
    if drawing.style.painting_share:
        made = made.add_backends(STYLE_NETWORK.name)
    return made.add_note(note) if note else made


def finish_drawing(
    photo: Pixels, sketch: Pixels, paper: float, share: float, networks: NetworkRegistry, report: Report
) -> Pixels:
    """Enlarge the canvas `sketch` to the photo's size, add paper grain and blend it over the photo by `share`."""
    height, width = photo.shape[:2]
    drawing = canvas.enlarge_drawing(sketch, width, height, networks, report)
    return canvas.blend_over(photo, canvas.add_paper_grain(drawing, paper), share)


def get_drawing_share(strength: float) -> float:
    """Return the share of drawing in the result, 0..1, for a `denoising_strength` of 0..1."""
    return float(1 - (1 - strength) ** SHARE_EXPONENT)


DIFFUSED_STYLE = Backend(
    name="stable diffusion 1.5 (diffusers)",
    source=Source.BROUGHT,
    licence=LICENCE,
    run=_paint_by_diffusion,
    own_files=("diffusion",),
    packages=PACKAGES,
    requirements=REQUIREMENTS,
)
DRAWN_STYLE = Backend(
    name="style drawing+animevideov3 (ncnn)",
    source=Source.SET_UP,
    licence="BSD-3-Clause",
    run=_draw_without_diffusion,
    weights=(weights.ANIMEVIDEO_X2,),
)
STYLE: Slot[Callable[..., Picture]] = Slot("style", ("img2anime",), (DIFFUSED_STYLE, DRAWN_STYLE))
