"""Degradations of photos: lens blur and shake, sensor noise, JPEG, age, and generated damage.

Images are float32 arrays of 0..1, HxW (grey) or HxWx3 (RGB); lengths are in pixels. Every random choice comes from the
`numpy.random.Generator` passed in, so a seed repeats a picture exactly. Nothing here needs torch.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]
Points = NDArray[np.float64]  # Nx2 (x, y), or one value for each of N points

VISIBLE_CHANGE = 8 / 255  # a change of at least this is visible damage
INVISIBLE_CHANGE = 3 / 255  # a smaller change is none; changes in between are not judged
EVEN_SHARE = 0.4  # share of scratches and folds that are straight and of one depth, as from a blade or a ruler
SUPERSAMPLING = 2  # factor at which lines are drawn, so that hairlines keep a sub-pixel width
DAMAGE_KINDS = ("scratches", "creases", "folds", "dust", "stains")


def build_motion_kernel(rng: np.random.Generator, length: float, *, bend: float = 0.0) -> Image:
    """Return a camera shake as a kernel (odd side, sum 1): straight for bend 0, else turning by about `bend` rad."""
    scale = 8
    side = 2 * math.ceil(length / 2 + 1) + 1
    steps = max(8, int(length * 4))
    heading = rng.uniform(0, 2 * math.pi) + np.cumsum(rng.normal(0, 1, steps)) * bend / math.sqrt(steps)
    path = np.cumsum(np.stack([np.cos(heading), np.sin(heading)], 1) * (length / steps), 0)
    path += (side - 1) / 2 - (path.min(0) + path.max(0)) / 2
    points = np.round(((path + 0.5) * scale) * 16).astype(np.int32).reshape(-1, 1, 2)
    drawn = np.zeros((side * scale, side * scale), np.uint8)
    cv2.polylines(drawn, [points], False, 255, thickness=scale, lineType=cv2.LINE_AA, shift=4)
    kernel = cv2.resize(drawn.astype(np.float32), (side, side), interpolation=cv2.INTER_AREA)
    return (kernel / kernel.sum()).astype(np.float32)


def build_defocus_kernel(radius: float) -> Image:
    """Return an evenly lit disc with soft edges (odd side, sum 1): the blur of a lens out of focus."""
    half = math.ceil(radius + 1)
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float32)
    disc = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    return (disc / disc.sum()).astype(np.float32)


def build_gaussian_kernel(deviation: float) -> Image:
    """Return a Gaussian of this deviation (odd side, sum 1): the blur of weak lenses, enlarging and denoising."""
    curve = cv2.getGaussianKernel(2 * math.ceil(3 * deviation) + 1, deviation)
    return np.asarray(curve @ curve.T, np.float32)


def blur_image(image: Image, kernel: Image) -> Image:
    """Convolve the image with the kernel, mirrored at its border."""
    return np.asarray(cv2.filter2D(image, -1, cv2.flip(kernel, -1), borderType=cv2.BORDER_REFLECT_101), np.float32)


def add_noise(image: Image, rng: np.random.Generator, sigma: float) -> Image:
    """Add white Gaussian noise of the given deviation (of 255) and clip to 0..1."""
    noise = rng.standard_normal(image.shape, dtype=np.float32) * np.float32(sigma / 255)
    return np.clip(image + noise, 0, 1).astype(np.float32)


def add_grain(image: Image, rng: np.random.Generator, sigma: float, size: float) -> Image:
    """Add film grain of `size` px and deviation `sigma` (of 255), strongest in middle tones, equal in R, G and B."""
    noise = cv2.GaussianBlur(rng.standard_normal(image.shape[:2], dtype=np.float32), (0, 0), max(0.3, size))
    tones = image if image.ndim == 2 else image.mean(2)
    weight = sigma / 255 / max(1e-6, float(noise.std())) * (0.4 + 2.4 * tones * (1 - tones))
    grain = noise * weight
    return np.clip(image + (grain if image.ndim == 2 else grain[..., None]), 0, 1).astype(np.float32)


def recompress(image: Image, quality: int) -> Image:
    """Compress the image as a JPEG of the given quality (1..100) and decode it."""
    pixels = (image * 255 + 0.5).astype(np.uint8)
    flag = cv2.IMREAD_GRAYSCALE if image.ndim == 2 else cv2.IMREAD_COLOR
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    return np.asarray(cv2.imdecode(data, flag), np.float32) / np.float32(255)


def fade_image(image: Image, rng: np.random.Generator) -> Image:
    """Fade the image as decades of light do: lighter blacks, darker whites, a bent tone curve, one side paler."""
    low, high = rng.uniform(0.0, 0.22), rng.uniform(0.75, 1.0)
    height, width = image.shape[:2]
    slope = rng.normal(0, 0.06, 2)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    light = (x * slope[0] + y * slope[1]).astype(np.float32)
    bent = low + (high - low) * np.power(image, np.float32(rng.uniform(0.75, 1.35)))
    return np.clip(bent + (light if image.ndim == 2 else light[..., None]), 0, 1).astype(np.float32)


def age_image(image: Image, rng: np.random.Generator) -> Image:
    """Make an undamaged old print: softened, faded and grainy, each by chance."""
    if rng.random() < 0.5:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.6)), np.float32)
    if rng.random() < 0.6:
        image = fade_image(image, rng)
    if rng.random() < 0.6:
        image = add_grain(image, rng, rng.uniform(1, 12), rng.uniform(0.3, 1.5))
    return image


def apply_scanner_lens(image: Image, rng: np.random.Generator) -> Image:
    """Apply the slight blur of a scanner's lens, by chance."""
    if rng.random() < 0.5:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 0.7)), np.float32)
    return image


def simulate_scan(image: Image, rng: np.random.Generator) -> Image:
    """Apply the scanner's effects: a slight blur, slight noise, mostly a JPEG."""
    image = add_noise(apply_scanner_lens(image, rng), rng, rng.uniform(0, 3))
    return recompress(image, int(rng.integers(60, 98))) if rng.random() < 0.7 else image


@dataclass(frozen=True)
class DamageLayer:
    """A layer of damage: its opacity at each pixel (0..1) and its tone (0..1), both HxW."""

    cover: Image
    tone: Image


def make_path(rng: np.random.Generator, start: Points, heading: float, length: float, turn: float) -> Points:
    """Return a random path of about `length` px, Nx2 (x, y), from `start` at `heading`, turning by `turn` rad."""
    steps = max(6, int(length / 6))
    headings = heading + np.linspace(0, rng.normal(0, turn), steps) + np.cumsum(rng.normal(0, turn * 0.12, steps))
    moves = np.stack([np.cos(headings), np.sin(headings)], 1) * (length / steps)
    return np.concatenate([start[None], start + np.cumsum(moves, 0)])


def draw_path(layer: NDArray[np.uint8], path: Points, strengths: Points, width: float) -> None:
    """Draw a path (px of the picture) on a layer SUPERSAMPLING times larger, with strengths 0..1 of its segments."""
    points = np.round(path * SUPERSAMPLING * 16).astype(np.int64)
    thickness = max(1, round(width * SUPERSAMPLING))
    for (x0, y0), (x1, y1), strength in zip(points[:-1], points[1:], strengths, strict=False):
        ends = (int(x0), int(y0)), (int(x1), int(y1))
        cv2.line(layer, *ends, int(255 * strength), thickness, lineType=cv2.LINE_AA, shift=4)


def make_depths(rng: np.random.Generator, count: int, mean: float, spread: float) -> Points:
    """Return the depth of a line at each point (0..1): it drifts slowly and vanishes in places; spread 0 is even."""
    drift = np.convolve(rng.normal(0, 1, count + 8), np.ones(9) / 3, "valid")
    return np.clip(mean + (drift + rng.normal(0, 0.3, count)) * spread, 0, 1)


def shrink_layer(layer: NDArray[np.uint8], shape: tuple[int, int]) -> Image:
    """Return the drawn layer at the picture's own size, 0..1."""
    small = cv2.resize(layer, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / np.float32(255)


def make_smooth_noise(rng: np.random.Generator, shape: tuple[int, int], size: float) -> Image:
    """Return a smooth random field of mean 0 and deviation 1, with spots about `size` px wide."""
    coarse = rng.standard_normal((max(2, math.ceil(shape[0] / size) + 1), max(2, math.ceil(shape[1] / size) + 1)))
    field = cv2.resize(coarse.astype(np.float32), (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(field, np.float32)


def make_tone(rng: np.random.Generator, shape: tuple[int, int], light: float) -> Image:
    """Return the tone of a layer: paper-white with probability `light`, else dark, more or less even."""
    base = rng.uniform(0.75, 1.0) if rng.random() < light else rng.uniform(0.0, 0.25)
    return np.clip(base + make_smooth_noise(rng, shape, 4) * rng.uniform(0, 0.06), 0, 1).astype(np.float32)


def draw_scratches(rng: np.random.Generator, shape: tuple[int, int]) -> DamageLayer:
    """Draw thin scratches, alone or in bundles, broken and of uneven depth, or straight and even."""
    layer = np.zeros((shape[0] * SUPERSAMPLING, shape[1] * SUPERSAMPLING), np.uint8)
    upright, even = rng.random() < 0.35, rng.random() < EVEN_SHARE
    for _ in range(int(rng.integers(1, 9))):
        heading = math.pi / 2 + rng.normal(0, 0.05) if upright else rng.uniform(0, 2 * math.pi)
        start = rng.uniform(-0.1, 1.1, 2) * (shape[1], shape[0])
        length, turn = rng.uniform(0.1, 1.3) * max(shape), rng.exponential(0.02 if even else 0.35)
        path = make_path(rng, start, heading, length, turn)
        depth = make_depths(rng, len(path), rng.uniform(0.4, 1.1), 0.0 if even else 0.3)
        draw_path(layer, path, depth, float(rng.choice([0.5, 0.5, 1, 1, 1.5, 2, 3])))
    patches = 0.0 if even else rng.uniform(0, 0.8)
    cover = shrink_layer(layer, shape) * np.clip(1 + make_smooth_noise(rng, shape, rng.uniform(3, 20)) * patches, 0, 1)
    return DamageLayer((cover * rng.uniform(0.6, 1)).astype(np.float32), make_tone(rng, shape, 0.7))


def draw_creases(rng: np.random.Generator, shape: tuple[int, int]) -> DamageLayer:
    """Draw the creases of crumpled paper: ragged branching lines where the emulsion has cracked off."""
    layer = np.zeros((shape[0] * SUPERSAMPLING, shape[1] * SUPERSAMPLING), np.uint8)
    starts = [rng.uniform(0, 1, 2) * (shape[1], shape[0])]
    for _ in range(int(rng.integers(1, 6))):
        origin = starts[int(rng.integers(len(starts)))]
        path = make_path(rng, origin, rng.uniform(0, 2 * math.pi), rng.uniform(0.1, 0.8) * max(shape), 0.6)
        path[1:-1] += rng.normal(0, rng.uniform(0.3, 2), path[1:-1].shape)
        starts.append(path[int(rng.integers(len(path)))])
        draw_path(layer, path, make_depths(rng, len(path), 0.85, 0.35), rng.uniform(0.5, 3))
    cover = shrink_layer(layer, shape) * np.clip(0.9 + make_smooth_noise(rng, shape, rng.uniform(2, 6)) * 0.7, 0, 1)
    return DamageLayer((cover * rng.uniform(0.65, 1)).astype(np.float32), make_tone(rng, shape, 0.85))


def draw_folds(rng: np.random.Generator, shape: tuple[int, int]) -> DamageLayer:
    """Draw one or two folds: nearly straight lines from edge to edge, cracked along their length or even."""
    layer = np.zeros((shape[0] * SUPERSAMPLING, shape[1] * SUPERSAMPLING), np.uint8)
    even = rng.random() < EVEN_SHARE
    reach = math.hypot(*shape)
    for _ in range(int(rng.integers(1, 3))):
        heading = rng.choice([0, math.pi / 2]) + rng.normal(0, 0.06) if rng.random() < 0.7 else rng.uniform(0, math.pi)
        middle = rng.uniform(0.1, 0.9, 2) * (shape[1], shape[0])
        start = middle - reach * np.array([math.cos(heading), math.sin(heading)])
        path = make_path(rng, start, heading, 2 * reach, 0.0 if even else 0.02)
        path += rng.normal(0, 0.0 if even else rng.uniform(0.1, 0.7), path.shape)
        draw_path(layer, path, make_depths(rng, len(path), 0.75, 0.0 if even else 0.4), rng.uniform(1, 5))
    patches = 0.0 if even else 0.9
    cover = shrink_layer(layer, shape) * np.clip(0.8 + make_smooth_noise(rng, shape, rng.uniform(2, 8)) * patches, 0, 1)
    return DamageLayer((cover * rng.uniform(0.65, 1)).astype(np.float32), make_tone(rng, shape, 0.85))


def draw_dust(rng: np.random.Generator, shape: tuple[int, int]) -> DamageLayer:
    """Draw specks and short fibres."""
    layer = np.zeros((shape[0] * SUPERSAMPLING, shape[1] * SUPERSAMPLING), np.uint8)
    amount = shape[0] * shape[1] / 256**2
    for _ in range(int(rng.integers(3, 40) * amount) + 1):
        x, y = (rng.uniform(0, 1, 2) * (layer.shape[1], layer.shape[0])).astype(int)
        axes = np.maximum(1, np.round(rng.exponential(1.1, 2) * SUPERSAMPLING)).astype(int)
        strength = int(rng.uniform(120, 255))
        cv2.ellipse(layer, (int(x), int(y)), (int(axes[0]), int(axes[1])), rng.uniform(0, 180), 0, 360, strength, -1)
    for _ in range(int(rng.integers(0, 6) * amount)):
        start = rng.uniform(0, 1, 2) * (shape[1], shape[0])
        path = make_path(rng, start, rng.uniform(0, 2 * math.pi), rng.uniform(6, 40), 2.5)
        draw_path(layer, path, np.full(len(path), rng.uniform(0.5, 1)), rng.uniform(0.5, 1))
    return DamageLayer(shrink_layer(layer, shape) * np.float32(rng.uniform(0.65, 1)), make_tone(rng, shape, 0.65))


def draw_stains(rng: np.random.Generator, shape: tuple[int, int]) -> DamageLayer:
    """Draw spots of mould, ink and lost emulsion: ragged blobs of 2-12 px, some with a darker rim."""
    cover = np.zeros(shape, np.float32)
    for _ in range(int(rng.integers(1, 9))):
        radius = rng.uniform(2, 12)
        half = math.ceil(radius * 2)
        y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float32)
        ragged = 1 + 0.3 * make_smooth_noise(rng, x.shape, max(2.0, radius * rng.uniform(0.3, 1)))
        edge = radius * ragged - np.hypot(x, y * rng.uniform(0.7, 1.4))
        spot = np.clip(edge + 0.5, 0, 1) * rng.uniform(0.5, 1)
        if rng.random() < 0.3:
            spot *= 1 - 0.5 * np.clip(edge / radius, 0, 1)
        top, left = int(rng.integers(-half, shape[0])), int(rng.integers(-half, shape[1]))
        y0, x0, y1, x1 = max(top, 0), max(left, 0), min(top + len(spot), shape[0]), min(left + len(spot), shape[1])
        if y1 > y0 and x1 > x0:
            piece = spot[y0 - top : y1 - top, x0 - left : x1 - left]
            cover[y0:y1, x0:x1] = np.maximum(cover[y0:y1, x0:x1], piece)
    return DamageLayer(cover, make_tone(rng, shape, 0.4))


def discolour_image(grey: Image, rng: np.random.Generator) -> Image:
    """Add large pale stains and the shading of a bent sheet: wear that the mask must leave out."""
    field = cv2.GaussianBlur(make_smooth_noise(rng, grey.shape, rng.uniform(25, 90)), (0, 0), rng.uniform(2, 10))
    return np.clip(grey + field * rng.uniform(0.01, 0.05), 0, 1).astype(np.float32)


def add_damage(
    grey: Image, rng: np.random.Generator, kinds: tuple[str, ...] = DAMAGE_KINDS
) -> tuple[Image, Mask, Mask]:
    """Add damage of each kind to a grey picture (HxW).

    Return the damaged picture, the mask of visible damage (a change of at least VISIBLE_CHANGE), and the mask of pixels
    that can be judged: changes between INVISIBLE_CHANGE and VISIBLE_CHANGE cannot.
    """
    shape = (grey.shape[0], grey.shape[1])
    makers = {
        "scratches": draw_scratches,
        "creases": draw_creases,
        "folds": draw_folds,
        "dust": draw_dust,
        "stains": draw_stains,
    }
    worn = grey
    for kind in kinds:
        coat = makers[kind](rng, shape)
        worn = worn + (coat.tone - worn) * coat.cover
    worn = worn.astype(np.float32)
    return worn, *find_visible_damage(worn, grey)


def find_visible_damage(worn: Image, undamaged: Image) -> tuple[Mask, Mask]:
    """Return the mask of visible damage and the mask of pixels that can be judged."""
    change = np.abs(worn - undamaged)
    return change >= VISIBLE_CHANGE, (change >= VISIBLE_CHANGE) | (change < INVISIBLE_CHANGE)
