"""A PNG's picture with fewer colours or coarser steps: the smallest whose visible error stays within what is allowed.

Candidates are palettes of several sizes, plain and dithered, and all colours rounded to multiples of a step. What the
eye sees of their errors is measured: coarse errors (bands) count in full, fine ones (dither, grain) a fifth. Which is
smallest is found on strips of the picture.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from vanceweb.engine.processing.compress.palettes import Colours, Histogram, Samples, draw, histogram, palettes

LOOSEST, TIGHTENING = 18.0, 1.6  # levels of visible error allowed at quality 0, and how that sinks towards 100
FINE_SHARE, FINE_SIGMA = 0.2, 2.0  # how much of an error counts that vanishes in a blur of so many px
BLOCK, WORST = 16, 98  # px; percentile of the blocks' errors that has to be within: small things keep their colours too
PALETTE_SIZES = (8, 16, 32, 64, 128, 256)
STEPS = (2, 3, 4, 6, 8, 12)  # levels
TRIAL_PIXELS = 1_000_000  # about as many are tried
TRIAL_ROWS = 64  # of a strip
TRIAL_LEVEL = 6  # of zlib's 9

Image8 = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Reduction:
    """A palette, dithered or not, or colours in multiples of `step`."""

    palette: Colours | None = None
    dithered: bool = False
    step: int = 1

    def applied(self, samples: Samples, colours: Histogram, mode: str) -> tuple[Samples, Image.Image]:
        """The picture reduced, as RGBA samples and as what is to be saved, of the given mode or P."""
        if self.palette is None:
            rounded = stepped(samples, self.step)
            return rounded, _as_mode(rounded, mode)
        drawn = draw(samples, colours, self.palette, dithered=self.dithered)
        return drawn.samples, drawn.image() if mode in ("RGB", "RGBA") else _as_mode(drawn.samples, mode)


def reduced(image: Image.Image, quality: int) -> Image.Image:
    """The picture (L, LA, RGB or RGBA) with what `quality` 0-99 allows to be left out; itself where nothing is won."""
    samples = np.asarray(image.convert("RGBA"))
    colours = histogram(samples)
    trial = _trial(samples)
    allowed = LOOSEST * (1 - quality / 100) ** TIGHTENING
    best, smallest = None, _size(_as_mode(trial, image.mode))
    for reduction in _reductions(colours):
        result, saved = reduction.applied(trial, colours, image.mode)
        if visible_error(trial, result) <= allowed and (size := _size(saved)) < smallest:
            best, smallest = reduction, size
    return image if best is None else best.applied(samples, colours, image.mode)[1]


def _reductions(colours: Histogram) -> Iterator[Reduction]:
    for step in STEPS:
        yield Reduction(step=step)
    for palette in palettes(colours, PALETTE_SIZES).values():
        yield Reduction(palette)
        yield Reduction(palette, dithered=True)


def stepped(samples: Samples, step: int) -> Samples:
    """Colours in multiples of `step` levels, 0 and 255 kept; alpha as it is."""
    table = np.clip(np.rint(np.arange(256) / step) * step, 0, 255).astype(np.uint8)
    table[255] = 255
    return np.dstack([table[samples[:, :, :3]], samples[:, :, 3]])


def visible_error(one: Samples, other: Samples) -> float:
    """What the eye sees of the difference where it is nearly worst: distance of colours, in levels.

    Root mean squares of blocks; colours weigh as much as their alpha lets them show.
    """
    difference = _multiplied(one) - _multiplied(other)
    coarse = cv2.GaussianBlur(difference, (0, 0), FINE_SIGMA, borderType=cv2.BORDER_REFLECT)
    squares = (coarse**2 + FINE_SHARE**2 * (difference - coarse) ** 2).sum(axis=2)
    height, width = squares.shape
    size = max(width // BLOCK, 1), max(height // BLOCK, 1)
    blocks = cv2.resize(squares, size, interpolation=cv2.INTER_AREA)
    return float(np.sqrt(np.percentile(blocks, WORST)))


def _multiplied(samples: Samples) -> npt.NDArray[np.float32]:
    colours = samples.astype(np.float32)
    colours[:, :, :3] *= colours[:, :, 3:] / 255
    return colours


def _trial(samples: Samples) -> Samples:
    """Strips from all over the picture, one below the other."""
    height, width = samples.shape[:2]
    if height * width <= TRIAL_PIXELS:
        return samples
    strips = max(TRIAL_PIXELS // (TRIAL_ROWS * width), 1)
    tops = np.linspace(0, height - TRIAL_ROWS, strips).astype(int) if height > TRIAL_ROWS else np.array([0])
    return np.concatenate([samples[top : top + TRIAL_ROWS] for top in np.unique(tops)])


def _as_mode(samples: Samples, mode: str) -> Image.Image:
    grey = mode in ("L", "LA")
    colours = samples[:, :, :1] if grey else samples[:, :, :3]
    with_alpha = np.dstack([colours, samples[:, :, 3]]) if mode in ("LA", "RGBA") else colours
    return Image.fromarray(np.ascontiguousarray(with_alpha.squeeze(axis=2) if mode == "L" else with_alpha))


def _size(image: Image.Image) -> int:
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=TRIAL_LEVEL)
    return file.tell()
