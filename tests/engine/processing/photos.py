"""Photos, and what is done to them before the engine has to put it right."""

import io
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from PIL import Image

from vanceweb.engine.processing.image.arrays import Pixels

FOLDER = Path(__file__).parents[2] / "photos"
COLOUR = ("astronaut.png", "chelsea.png", "china.jpg", "coffee.png", "flower.jpg", "rocket.jpg")

Way = Literal["bicubic", "area"]


def photo(name: str, *, side: int | None = None) -> Pixels:
    """A photo as RGB; `side` takes the square in its middle. Sides are multiples of 8 px."""
    pixels = np.asarray(Image.open(FOLDER / name).convert("RGB"))
    height, width = (length // 8 * 8 for length in pixels.shape[:2])
    if side is not None:
        top, left = (height - side) // 2, (width - side) // 2
        return pixels[top : top + side, left : left + side]
    return pixels[:height, :width]


def resized(pixels: Pixels, width: int, height: int, filter: Image.Resampling) -> Pixels:
    return np.asarray(Image.fromarray(pixels).resize((width, height), filter))


def shrunk(pixels: Pixels, factor: int, way: Way) -> Pixels:
    filter = Image.Resampling.BICUBIC if way == "bicubic" else Image.Resampling.BOX
    return resized(pixels, pixels.shape[1] // factor, pixels.shape[0] // factor, filter)


def noisy(pixels: Pixels, sigma: float) -> Pixels:
    """With white noise of `sigma` levels, the same each time."""
    noise = np.random.default_rng(20).normal(0, sigma, pixels.shape)
    return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)


def as_jpeg(pixels: Pixels, quality: int) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def psnr(one: Pixels, other: Pixels) -> float:
    """Peak signal to noise ratio in dB."""
    error = float(np.mean((one.astype(np.float64) - other) ** 2))
    return float("inf") if error == 0 else 10 * np.log10(255**2 / error)


def ssim(one: Pixels, other: Pixels) -> float:
    """Structural similarity of the brightness, 0..1."""
    score, _ = cv2.quality.QualitySSIM_compute(*(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY) for pixels in (one, other)))
    return float(score[0])


def out_of_focus(pixels: Pixels, sigma: float) -> Pixels:
    """Blurred by a Gaussian of `sigma` px."""
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), dtype=np.uint8)


def detail(pixels: Pixels) -> float:
    """Mean step between neighbours, in levels: how much structure, or noise, there is."""
    grey = pixels.astype(np.float64).mean(axis=2)
    return float(np.abs(np.diff(grey, axis=0)).mean() + np.abs(np.diff(grey, axis=1)).mean())
