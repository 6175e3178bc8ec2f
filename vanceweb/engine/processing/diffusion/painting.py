"""Painting with a Stable Diffusion model of the user's own: styles with a prompt and guides, and colours from words.

The models directory holds folders as diffusers saves them: `diffusion/BASE_MODEL` (the names are in
`catalogue/styles.py`; `diffusion/sd_recolor` is for colours) and `diffusion/controlnet/KIND`. It also holds the files
`diffusion/lora/NAME.safetensors`.
"""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from vanceweb.catalogue.styles import Style
from vanceweb.engine.processing.analysis.outlines import draw_outlines
from vanceweb.engine.processing.errors import UnusableWeights
from vanceweb.engine.processing.image.alpha import get_visible_colours
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.picture import Guide
from vanceweb.engine.processing.image.progress import Report
from vanceweb.engine.processing.image.resampling import shrink
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.messages import Message, gettext_noop

LICENCE = "that of the model, mostly CreativeML Open RAIL-M"
PACKAGES = ("torch", "diffusers", "transformers")
REQUIREMENTS = "requirements/diffusion.in"
PAINTING_SIDE = 768  # px of the longer side of the painted picture
STYLE_WORDS = {
    "style1": "dark semi-realistic anime, dramatic light",
    "style2": "bright cartoon, clean lines",
    "style3": "soft anime, delicate lines",
    "style4": "anime boy, 2.5d",
    "style5": "pastel colours, anime boy",
    "style6": "blue tones, anime boy",
    "us_comic_boy": "american comic, ink, halftone, man",
    "us_comic_girl": "american comic, ink, halftone, woman",
    "disney_boy": "3d animation, boy",
    "disney_girl": "3d animation, girl",
    "Ghibli_boy": "ghibli style, watercolour, boy",
    "Ghibli_girl": "ghibli style, watercolour, girl",
}
QUALITY_WORDS = "masterpiece, best quality"
NEGATIVE_PROMPT = "lowres, bad anatomy, blurry, watermark, text"
CONTROLNET_MISSING = gettext_noop("The guide %(name)s was left out: diffusion/controlnet/%(kind)s is not installed.")
RECOLOURING_STRENGTH = {True: 0.95, False: 0.55}  # with and without a ControlNet that keeps the shapes
RECOLOURING_KIND = "recolor"


@dataclass(frozen=True)
class PaintingResult:
    """A painted picture of the canvas's size, and sentences for the person who asked for it."""

    colours: Pixels
    notes: tuple[Message, ...] = ()


def get_base_folder(style: Style) -> str:
    """Return the folder of the style's base model, relative to the models directory."""
    return f"diffusion/{style.base_model}"


def repaint(
    canvas: Pixels, style: Style, prompt: str, *, overwrite: bool, strength: float, guides: Sequence[Guide],
    networks: NetworkRegistry, report: Report,
) -> PaintingResult:  # fmt: skip
    """Paint the canvas in the style. With `overwrite` only the prompt's words count, otherwise the style's own as well.

    Raises `UnusableWeights`.
    """
    parts = (prompt.strip(),) if overwrite else (prompt.strip(), STYLE_WORDS[style.name], QUALITY_WORDS)
    words = ", ".join(part for part in parts if part)
    found: dict[str, Pixels] = {}
    notes = []
    for guide in guides:
        kind = get_control_kind(guide.cn_name)
        if networks.find(_get_control_folder(kind)) is None:
            notes.append(Message(CONTROLNET_MISSING, name=guide.cn_name, kind=kind))
        else:
            found[kind] = CONTROL_PICTURES[kind](
                canvas if guide.picture is None else get_visible_colours(guide.picture)
            )
    lora = f"diffusion/lora/{style.lora}.safetensors" if style.lora else ""
    session = _load_session(
        get_base_folder(style), tuple(found), lora if lora and networks.find(lora) else "", networks
    )
    request = _import_pipelines().PaintingRequest(words, "" if overwrite else NEGATIVE_PROMPT, strength)
    return PaintingResult(session.run(shrink(canvas, PAINTING_SIDE), request, found, report), tuple(notes))


def paint_colours(
    colours: Pixels, prompt: str, negative_prompt: str, networks: NetworkRegistry, report: Report
) -> Pixels:
    """Return a small coloured copy of `colours` as a source of a and b, at most `PAINTING_SIDE` px.

    Raises `UnusableWeights`.
    """
    grey = cv2.cvtColor(cv2.cvtColor(shrink(colours, PAINTING_SIDE), cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    small = np.asarray(grey, dtype=np.uint8)
    has_control = networks.find(_get_control_folder(RECOLOURING_KIND)) is not None
    controls = {RECOLOURING_KIND: small} if has_control else {}
    session = _load_session("diffusion/sd_recolor", tuple(controls), "", networks)
    words = prompt.strip() or "colour photograph, natural colours"
    request = _import_pipelines().PaintingRequest(words, negative_prompt, RECOLOURING_STRENGTH[has_control])
    painted: Pixels = session.run(small, request, controls, report)
    return painted


def get_control_kind(cn_name: str) -> str:
    """Return the kind of ControlNet that a guide needs: tile, lineart, canny or normal."""
    return next(kind for kind in CONTROL_PICTURES if kind in cn_name)


def _keep_colours(colours: Pixels) -> Pixels:
    return colours


def _draw_lineart(colours: Pixels) -> Pixels:
    """Draw white lines on black."""
    small = shrink(colours, PAINTING_SIDE)
    lightness = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32) / np.float32(255)
    return _to_grey_pixels(draw_outlines(lightness, width=2.0) * 255)


def _draw_canny_edges(colours: Pixels) -> Pixels:
    """Draw white edges on black, with the thresholds of ControlNet's own examples."""
    return _to_grey_pixels(cv2.Canny(np.ascontiguousarray(shrink(colours, PAINTING_SIDE)), 100, 200))


def _estimate_normals(colours: Pixels) -> Pixels:
    """Return the directions of surfaces as colours, on the assumption that brighter parts are nearer."""
    height = cv2.GaussianBlur(
        cv2.cvtColor(shrink(colours, PAINTING_SIDE), cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 3
    )
    right, down = cv2.Sobel(height, cv2.CV_32F, 1, 0), cv2.Sobel(height, cv2.CV_32F, 0, 1)
    normal = np.dstack((-right, down, np.full_like(right, 16)))
    normal = normal / np.linalg.norm(normal, axis=2, keepdims=True)
    return np.asarray(np.clip((normal + 1) * 127.5, 0, 255), dtype=np.uint8)


CONTROL_PICTURES: dict[str, Callable[[Pixels], Pixels]] = {
    "tile": _keep_colours,
    "lineart": _draw_lineart,
    "canny": _draw_canny_edges,
    "normal": _estimate_normals,
}


def _to_grey_pixels(values: np.ndarray[Any, Any]) -> Pixels:
    return np.dstack([np.clip(values, 0, 255).astype(np.uint8)] * 3)


def _get_control_folder(kind: str) -> str:
    return f"diffusion/controlnet/{kind}"


def _load_session(base: str, kinds: tuple[str, ...], lora: str, networks: NetworkRegistry) -> Any:
    files = [base, *(_get_control_folder(kind) for kind in kinds), *([lora] if lora else [])]
    try:
        return networks.load_folders(
            files, lambda paths, threads: _import_pipelines().load_session(paths, kinds, bool(lora), threads)
        )
    except UnusableWeights as error:
        raise UnusableWeights(f"{' or '.join(files)} cannot be used: {error}.") from error


def _import_pipelines() -> Any:
    # Imported by name because its packages are only installed where somebody uses these models. `NetworkRegistry` has
    # checked for them (`Backend.packages`) before anything here is called.
    return importlib.import_module("vanceweb.engine.processing.diffusion.pipelines")
