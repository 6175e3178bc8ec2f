"""Photos, defects for the engine to repair, and measures of quality."""

import io
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from PIL import Image

from vanceweb.engine.processing.image.arrays import Pixels

PHOTO_FOLDER = Path(__file__).parents[2] / "photos"
COLOUR_PHOTOS = ("astronaut.png", "chelsea.png", "china.jpg", "coffee.png", "flower.jpg", "rocket.jpg")

ShrinkMethod = Literal["bicubic", "area"]


def load_photo(name: str, *, side: int | None = None) -> Pixels:
    """Load a photo as RGB, or the square of `side` px in its middle. Sides are cut to multiples of 8 px."""
    pixels = np.asarray(Image.open(PHOTO_FOLDER / name).convert("RGB"))
    height, width = (length // 8 * 8 for length in pixels.shape[:2])
    if side is not None:
        top, left = (height - side) // 2, (width - side) // 2
        return pixels[top : top + side, left : left + side]
    return pixels[:height, :width]


def resize(pixels: Pixels, width: int, height: int, filter: Image.Resampling) -> Pixels:
    """Resize to a size in px."""
    return np.asarray(Image.fromarray(pixels).resize((width, height), filter))


def shrink_by(pixels: Pixels, factor: int, method: ShrinkMethod) -> Pixels:
    """Shrink to the `factor`-th part of each side."""
    filter = Image.Resampling.BICUBIC if method == "bicubic" else Image.Resampling.BOX
    return resize(pixels, pixels.shape[1] // factor, pixels.shape[0] // factor, filter)


def add_noise(pixels: Pixels, sigma: float) -> Pixels:
    """Add reproducible white noise of `sigma` levels."""
    noise = np.random.default_rng(20).normal(0, sigma, pixels.shape)
    return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)


def as_jpeg(pixels: Pixels, quality: int) -> Pixels:
    """Compress as JPEG and decode again."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def compute_psnr(one: Pixels, other: Pixels) -> float:
    """Return the peak signal-to-noise ratio in dB."""
    error = float(np.mean((one.astype(np.float64) - other) ** 2))
    return float("inf") if error == 0 else 10 * np.log10(255**2 / error)


def compute_ssim(one: Pixels, other: Pixels) -> float:
    """Return the structural similarity of the brightness, 0..1."""
    score, _ = cv2.quality.QualitySSIM_compute(*(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY) for pixels in (one, other)))
    return float(score[0])


def measure_detail(pixels: Pixels) -> float:
    """Return the mean difference between neighbours, in levels, a measure of structure or noise."""
    grey = pixels.astype(np.float64).mean(axis=2)
    return float(np.abs(np.diff(grey, axis=0)).mean() + np.abs(np.diff(grey, axis=1)).mean())
