"""What Stable Diffusion paints, where somebody brings it: styles led by prompt and guides, and colours by words.

Folders of the models directory, each as diffusers saves it: `diffusion/BASE_MODEL` (the names are in
`catalogue/styles.py`; `diffusion/sd_recolor` for colours), `diffusion/controlnet/KIND`; and files
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
from vanceweb.engine.processing.image.resampling import shrink
from vanceweb.engine.processing.image.tiles import Report
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.messages import Message, gettext_noop

LICENCE = "that of the model, mostly CreativeML Open RAIL-M"
PACKAGES = ("torch", "diffusers", "transformers")
REQUIREMENTS = "requirements/diffusion.in"
LONGEST = 768  # px of the longer side of what is painted
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
UNWANTED = "lowres, bad anatomy, blurry, watermark, text"
NO_CONTROL = gettext_noop("The guide %(name)s was left out: diffusion/controlnet/%(kind)s is not installed.")
RECOLOURING_STRENGTH = {True: 0.95, False: 0.55}  # with and without a ControlNet that holds the shapes
RECOLOURING_CONTROL = "recolor"


@dataclass(frozen=True)
class Painted:
    """What came out, of the canvas's size, and sentences for the person who asked for it."""

    colours: Pixels
    notes: tuple[Message, ...] = ()


def base_of(style: Style) -> str:
    """The folder of the style's base model."""
    return f"diffusion/{style.base_model}"


def repaint(
    canvas: Pixels, style: Style, prompt: str, *, alone: bool, strength: float, guides: Sequence[Guide],
    networks: NetworkRegistry, report: Report,
) -> Painted:  # fmt: skip
    """The canvas painted in the style. `alone`: only the prompt's words; else the style's own beside them.

    Raises `UnusableWeights`.
    """
    parts = (prompt.strip(),) if alone else (prompt.strip(), STYLE_WORDS[style.name], QUALITY_WORDS)
    words = ", ".join(part for part in parts if part)
    found: dict[str, Pixels] = {}
    notes = []
    for guide in guides:
        kind = kind_of(guide.cn_name)
        if networks.find(_control(kind)) is None:
            notes.append(Message(NO_CONTROL, name=guide.cn_name, kind=kind))
        else:
            found[kind] = CONTROLS[kind](canvas if guide.picture is None else get_visible_colours(guide.picture))
    lora = f"diffusion/lora/{style.lora}.safetensors" if style.lora else ""
    session = _session(base_of(style), tuple(found), lora if lora and networks.find(lora) else "", networks)
    wanted = _pipelines().Wanted(words, "" if alone else UNWANTED, strength)
    return Painted(session.run(shrink(canvas, LONGEST), wanted, found, report), tuple(notes))


def recolour(colours: Pixels, prompt: str, negative_prompt: str, networks: NetworkRegistry, report: Report) -> Pixels:
    """A small coloured copy of `colours`, for its a and b: at most `LONGEST` px. Raises `UnusableWeights`."""
    grey = cv2.cvtColor(cv2.cvtColor(shrink(colours, LONGEST), cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    small = np.asarray(grey, dtype=np.uint8)
    held = networks.find(_control(RECOLOURING_CONTROL)) is not None
    controls = {RECOLOURING_CONTROL: small} if held else {}
    session = _session("diffusion/sd_recolor", tuple(controls), "", networks)
    words = prompt.strip() or "colour photograph, natural colours"
    wanted = _pipelines().Wanted(words, negative_prompt, RECOLOURING_STRENGTH[held])
    painted: Pixels = session.run(small, wanted, controls, report)
    return painted


def kind_of(cn_name: str) -> str:
    """Which ControlNet a guide asks for: tile, lineart, canny or normal."""
    return next(kind for kind in CONTROLS if kind in cn_name)


def _tile(colours: Pixels) -> Pixels:
    return colours


def _lineart(colours: Pixels) -> Pixels:
    """White lines on black."""
    small = shrink(colours, LONGEST)
    lightness = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32) / np.float32(255)
    return _in_grey(draw_outlines(lightness, width=2.0) * 255)


def _canny(colours: Pixels) -> Pixels:
    """White edges on black, with the thresholds of ControlNet's own examples."""
    return _in_grey(cv2.Canny(np.ascontiguousarray(shrink(colours, LONGEST)), 100, 200))


def _normal(colours: Pixels) -> Pixels:
    """Directions of surfaces as colours, supposed from lightness: what is brighter lies nearer."""
    height = cv2.GaussianBlur(cv2.cvtColor(shrink(colours, LONGEST), cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 3)
    right, down = cv2.Sobel(height, cv2.CV_32F, 1, 0), cv2.Sobel(height, cv2.CV_32F, 0, 1)
    normal = np.dstack((-right, down, np.full_like(right, 16)))
    normal = normal / np.linalg.norm(normal, axis=2, keepdims=True)
    return np.asarray(np.clip((normal + 1) * 127.5, 0, 255), dtype=np.uint8)


CONTROLS: dict[str, Callable[[Pixels], Pixels]] = {
    "tile": _tile,
    "lineart": _lineart,
    "canny": _canny,
    "normal": _normal,
}


def _in_grey(values: np.ndarray[Any, Any]) -> Pixels:
    return np.dstack([np.clip(values, 0, 255).astype(np.uint8)] * 3)


def _control(kind: str) -> str:
    return f"diffusion/controlnet/{kind}"


def _session(base: str, kinds: tuple[str, ...], lora: str, networks: NetworkRegistry) -> Any:
    files = [base, *(_control(kind) for kind in kinds), *([lora] if lora else [])]
    try:
        return networks.load_folders(files, lambda paths, threads: _pipelines().load(paths, kinds, bool(lora), threads))
    except UnusableWeights as error:
        raise UnusableWeights(f"{' or '.join(files)} cannot be used: {error}.") from error


def _pipelines() -> Any:
    # By name and not by an import above: its packages are installed only where somebody brings these models. Models
    # has looked for them (`Backend.packages`) before anything here is called.
    return importlib.import_module("vanceweb.engine.processing.diffusion.pipelines")
