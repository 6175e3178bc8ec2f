"""`make samples`: a picture before and after each feature, for docs/models.md.

`python -m bench.samples [MODULE…]` writes docs/images/features/MODULE.jpg, each at most 120 kB: on the left what the
feature's input, shown at the size of its result, on the right the result. The photos are the redistributable ones of
tests/photos (CC0 and public domain); their defects are made here, the same each time.
"""

import io
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import django
import numpy as np
from django.conf import settings
from PIL import Image

from tests.engine.processing.drawings import draw_flat_colours
from tests.engine.processing.photos import add_noise, as_jpeg, load_photo
from vanceweb.catalogue.features import FEATURES, get_feature_by_module
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.steps import ControlImage, Step
from vanceweb.catalogue.styles import Look, get_style
from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.pipeline import process_file

FOLDER = Path(__file__).parents[1] / "docs" / "images" / "features"
LARGEST = 120_000  # bytes of a file
LARGEST_SIDE = 512  # px of each half
GAP = 8  # px of white between the halves
GREEN = (46, 160, 110)


@dataclass(frozen=True)
class Sample:
    """A feature's example: the input picture, the parameters and the output options."""

    given: Callable[[], Pixels]
    params: Mapping[str, Any] = field(default_factory=dict)
    output: Output = field(default_factory=Output)


def crop_photo(name: str, left: int, top: int, width: int, height: int, factor: int = 1) -> Pixels:
    """Cut a part of a photo, in px, and shrink it by averaging."""
    return shrink(load_photo(name)[top : top + height, left : left + width], factor)


def shrink(pixels: Pixels, factor: int) -> Pixels:
    size = pixels.shape[1] // factor, pixels.shape[0] // factor
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))


def blur(pixels: Pixels, sigma: float) -> Pixels:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), dtype=np.uint8)


def to_grey(pixels: Pixels) -> Pixels:
    return np.asarray(Image.fromarray(pixels).convert("L").convert("RGB"))


def make_old_scan(pixels: Pixels) -> Pixels:
    """Make the picture an old scan: soft, noisy and compressed to a poor JPG."""
    return as_jpeg(add_noise(blur(pixels, 1.6), 5), 45)


def add_scratches(pixels: Pixels) -> Pixels:
    """Add scratches, a crease and dust, as bright as paper."""
    rng = np.random.default_rng(5)
    height, width = pixels.shape[:2]
    cover = np.zeros((height, width), dtype=np.float32)
    for _ in range(7):
        at = rng.uniform(0, [width, height])
        angle = rng.uniform(0, np.pi)
        points = [at + step * np.array([np.cos(angle), np.sin(angle)]) + rng.normal(0, 2, 2)
                  for step in np.linspace(0, rng.uniform(0.3, 0.8) * height, 9)]  # fmt: skip
        cv2.polylines(cover, [np.array(points, dtype=np.int32)], False, float(rng.uniform(0.7, 1)), 1, cv2.LINE_AA)
    cv2.line(cover, (0, int(height * 0.62)), (width, int(height * 0.55)), 0.9, 2, cv2.LINE_AA)
    for _ in range(40):
        at = tuple(int(value) for value in rng.uniform(0, [width, height]))
        cv2.circle(cover, at, int(rng.integers(1, 3)), float(rng.uniform(0.6, 1)), -1, cv2.LINE_AA)
    paper = np.array([238, 234, 226], dtype=np.float32)
    mixed = pixels * (1 - cover[:, :, None]) + paper * cover[:, :, None]
    return np.asarray(np.clip(mixed, 0, 255), dtype=np.uint8)


FACE = ("astronaut.png", 96, 0, 272, 272)
SAMPLES: Mapping[str, Sample] = {
    "enlarge3": Sample(lambda: crop_photo("chelsea.png", 100, 40, 256, 256, 2), {"scale": 4}),
    "denoise": Sample(lambda: add_noise(crop_photo("coffee.png", 150, 60, 320, 320), 25)),
    "sharpen3": Sample(lambda: blur(crop_photo("chelsea.png", 80, 20, 272, 272), 2)),
    "chainner": Sample(lambda: shrink(draw_flat_colours(512), 4), {"scale": "4x"}),
    "real_esrgan": Sample(lambda: as_jpeg(shrink(draw_flat_colours(512), 4), 40), {"scale": "4x"}),
    "matting": Sample(lambda: load_photo("astronaut.png"), output=Output(background=GREEN, format="png")),
    "crease_repair": Sample(lambda: add_scratches(crop_photo("camera.png", 0, 0, 400, 400))),
    "img2sr": Sample(lambda: make_old_scan(crop_photo(*FACE))),
    "CodeFormer": Sample(lambda: blur(crop_photo(*FACE), 2)),
    "deoldify2": Sample(lambda: to_grey(crop_photo("chelsea.png", 60, 0, 300, 300))),
    "sd_recolor": Sample(lambda: to_grey(load_photo("astronaut.png")), {"prompt": "blue suit, brown hair"}),
    "img2anime": Sample(lambda: load_photo("astronaut.png"), {"model_name": "style2"}),
    "animegan2": Sample(lambda: crop_photo(*FACE)),
    "cartoonize": Sample(lambda: crop_photo("coffee.png", 60, 0, 400, 400)),
    "compress": Sample(lambda: crop_photo("chelsea.png", 60, 0, 300, 300), {"quality": 50}),
}


def build_step(module: str, sample: Sample) -> Step:
    """Return a step with the feature's defaults and, if it has styles, the guides of its style."""
    feature = get_feature_by_module(module)
    params = feature.complete_params(sample.params)
    if not feature.styles:
        return Step(module, params)
    guides = get_style(params["model_name"]).get_guides(Look.CARTOONISH)
    return Step(module, params, tuple(ControlImage(None, cn_name) for cn_name in guides.cn_names))


def draw_before_and_after(module: str, sample: Sample, networks: NetworkRegistry) -> Image.Image:
    """Both halves beside each other."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "p.png", Path(folder) / "r"
        Image.fromarray(sample.given()).save(source)
        outcome = process_file(
            source, target, [build_step(module, sample)], sample.output, networks=networks, report=lambda fraction: None
        )
        print(f"{module}: {outcome.width} x {outcome.height} px by {outcome.backend}.", *outcome.notes)
        with Image.open(source) as before, Image.open(target) as after:
            result = after.convert("RGB")
            given = before.convert("RGB").resize(result.size, Image.Resampling.NEAREST)
    for half in (given, result):
        half.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.LANCZOS)
    both = Image.new("RGB", (2 * result.width + GAP, result.height), (255, 255, 255))
    both.paste(given, (0, 0))
    both.paste(result, (result.width + GAP, 0))
    return both


def save_jpeg(image: Image.Image, path: Path) -> None:
    """Save as a JPG of the best quality that stays below `LARGEST`."""
    for quality in range(92, 40, -4):
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality, subsampling=0, optimize=True, progressive=True)
        if file.tell() <= LARGEST:
            break
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.getvalue())


def main(modules: list[str]) -> None:
    """Make the samples of these modules, or of all of them."""
    networks = NetworkRegistry(settings.MODELS_DIR)
    for module in modules or [feature.module for feature in FEATURES]:
        save_jpeg(draw_before_and_after(module, SAMPLES[module], networks), FOLDER / f"{module}.jpg")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vanceweb.settings")
    django.setup()
    main(sys.argv[1:])
