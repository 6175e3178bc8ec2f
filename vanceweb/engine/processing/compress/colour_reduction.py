"""Reduction of a PNG to fewer colours or coarser steps: the smallest candidate within the visible error allowed.

Candidates are palettes of several sizes, plain and dithered, and all colours rounded to multiples of a step. Their
visible errors are measured: coarse errors (bands) count in full, fine ones (dither, grain) as a fifth. The sizes are
compared on strips of the picture.
"""

import io
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from vanceweb.engine.processing.compress.palettes import (
    Colours,
    Histogram,
    Samples,
    apply_palette,
    build_histogram,
    find_palettes,
)
from vanceweb.engine.processing.image.progress import Report, ignore_progress, report_each, split_report

MAX_ERROR, ERROR_EXPONENT = 18.0, 1.6  # levels of visible error allowed at quality 0, and its decrease towards 100
FINE_ERROR_WEIGHT, FINE_ERROR_SIGMA = 0.2, 2.0  # of an error that vanishes in a blur of this many px
BLOCK_SIDE = 16  # px
BLOCK_PERCENTILE = 98  # of the blocks' errors: the one that counts, so that small objects keep their colours
PALETTE_SIZES = (8, 16, 32, 64, 128, 256)
ROUNDING_STEPS = (2, 3, 4, 6, 8, 12)  # levels
STAGE_WEIGHTS = (0.1, 0.3, 0.5, 0.1)  # of the time: counting colours, finding palettes, comparing, applying the best
TRIAL_PIXELS = 1_000_000  # roughly, for the trials
TRIAL_ROWS = 64  # of a strip
TRIAL_COMPRESSION = 6  # of zlib's 9

Image8 = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class ColourReduction:
    """A palette, dithered or not, or colours in multiples of `step` levels."""

    palette: Colours | None = None
    dithered: bool = False
    step: int = 1

    def apply(self, samples: Samples, colours: Histogram, mode: str) -> tuple[Samples, Image.Image]:
        """Return the reduced picture as RGBA samples and as an image for saving, of the given mode or P."""
        if self.palette is None:
            rounded = round_colours(samples, self.step)
            return rounded, _build_image(rounded, mode)
        indexed = apply_palette(samples, colours, self.palette, dithered=self.dithered)
        return indexed.samples, indexed.to_image() if mode in ("RGB", "RGBA") else _build_image(indexed.samples, mode)


def reduce_colours(image: Image.Image, quality: int, report: Report = ignore_progress) -> Image.Image:
    """Reduce the picture (L, LA, RGB or RGBA) as far as `quality` 0-99 allows, or return it if that saves nothing."""
    counting, searching, comparing, applying = split_report(report, STAGE_WEIGHTS)
    samples = np.asarray(image.convert("RGBA"))
    colours = build_histogram(samples, counting)
    trial = _cut_trial_strips(samples)
    allowed = MAX_ERROR * (1 - quality / 100) ** ERROR_EXPONENT
    best, smallest = None, _measure_png_size(_build_image(trial, image.mode))
    for reduction in report_each(_list_reductions(colours, searching), comparing):
        result, saved = reduction.apply(trial, colours, image.mode)
        if measure_visible_error(trial, result) <= allowed and (size := _measure_png_size(saved)) < smallest:
            best, smallest = reduction, size
    result_image = image if best is None else best.apply(samples, colours, image.mode)[1]
    applying(1.0)
    return result_image


def _list_reductions(colours: Histogram, report: Report) -> list[ColourReduction]:
    palettes = find_palettes(colours, PALETTE_SIZES, report).values()
    rounded = [ColourReduction(step=step) for step in ROUNDING_STEPS]
    return rounded + [ColourReduction(palette, dithered=dithered) for palette in palettes for dithered in (False, True)]


def round_colours(samples: Samples, step: int) -> Samples:
    """Round colours to multiples of `step` levels, keeping 0, 255 and alpha."""
    table = np.clip(np.rint(np.arange(256) / step) * step, 0, 255).astype(np.uint8)
    table[255] = 255
    return np.dstack([table[samples[:, :, :3]], samples[:, :, 3]])


def measure_visible_error(one: Samples, other: Samples) -> float:
    """Return the visible difference in nearly the worst block, as a distance of colours in levels.

    It is the root mean square of a block; colours are weighted by their alpha.
    """
    difference = _multiply_by_alpha(one) - _multiply_by_alpha(other)
    coarse = cv2.GaussianBlur(difference, (0, 0), FINE_ERROR_SIGMA, borderType=cv2.BORDER_REFLECT)
    squares = (coarse**2 + FINE_ERROR_WEIGHT**2 * (difference - coarse) ** 2).sum(axis=2)
    height, width = squares.shape
    size = max(width // BLOCK_SIDE, 1), max(height // BLOCK_SIDE, 1)
    blocks = cv2.resize(squares, size, interpolation=cv2.INTER_AREA)
    return float(np.sqrt(np.percentile(blocks, BLOCK_PERCENTILE)))


def _multiply_by_alpha(samples: Samples) -> npt.NDArray[np.float32]:
    colours = samples.astype(np.float32)
    colours[:, :, :3] *= colours[:, :, 3:] / 255
    return colours


def _cut_trial_strips(samples: Samples) -> Samples:
    """Return strips from all over the picture, one below the other."""
    height, width = samples.shape[:2]
    if height * width <= TRIAL_PIXELS:
        return samples
    strips = max(TRIAL_PIXELS // (TRIAL_ROWS * width), 1)
    tops = np.linspace(0, height - TRIAL_ROWS, strips).astype(int) if height > TRIAL_ROWS else np.array([0])
    return np.concatenate([samples[top : top + TRIAL_ROWS] for top in np.unique(tops)])


def _build_image(samples: Samples, mode: str) -> Image.Image:
    grey = mode in ("L", "LA")
    colours = samples[:, :, :1] if grey else samples[:, :, :3]
    with_alpha = np.dstack([colours, samples[:, :, 3]]) if mode in ("LA", "RGBA") else colours
    return Image.fromarray(np.ascontiguousarray(with_alpha.squeeze(axis=2) if mode == "L" else with_alpha))


def _measure_png_size(image: Image.Image) -> int:
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=TRIAL_COMPRESSION)
    return file.tell()
