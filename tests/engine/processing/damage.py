"""Reproducible scratches, folds and dust on photos."""

import cv2
import numpy as np

from vanceweb.engine.processing.image.arrays import Mask, Pixels

SUPERSAMPLING = 4
LIGHT, DARK = 240, 20  # levels of white paper and of dirt


def add_damage(pixels: Pixels, seed: int, tone: int = LIGHT) -> tuple[Pixels, Mask]:
    """Add a fold, dust and five scratches of 1-3 px in any direction; return also the mask of changed px (255)."""
    height, width = pixels.shape[:2]
    rng = np.random.default_rng(seed)
    layer = np.zeros((height * SUPERSAMPLING, width * SUPERSAMPLING), dtype=np.uint8)
    for _ in range(5):
        reach = rng.uniform(0.25, 0.45) * max(height, width)
        _draw_line(layer, rng, rng.uniform(0, np.pi), reach, rng.uniform(1, 3))
    _draw_line(layer, rng, rng.normal(0, 0.05), width, 2.5)
    for _ in range(height * width // 6000):
        x, y = rng.uniform(0, 1, 2) * (width, height) * SUPERSAMPLING
        radius = round(rng.uniform(0.8, 2.5) * SUPERSAMPLING)
        cv2.circle(layer, (int(x), int(y)), radius, int(rng.uniform(180, 255)), -1, cv2.LINE_AA)
    cover = cv2.resize(layer, (width, height), interpolation=cv2.INTER_AREA)[:, :, None] / 255
    worn = (pixels + (tone - pixels) * cover + 0.5).astype(np.uint8)
    return worn, np.where((worn != pixels).any(axis=2), 255, 0).astype(np.uint8)


def _draw_line(layer: Mask, rng: np.random.Generator, angle: float, reach: float, width: float) -> None:
    middle = rng.uniform(0.2, 0.8, 2) * layer.shape[1::-1]
    step = np.array([np.cos(angle), np.sin(angle)]) * reach * SUPERSAMPLING
    first, last = (tuple((middle + sign * step).astype(int).tolist()) for sign in (-1, 1))
    cv2.line(layer, first, last, int(rng.uniform(180, 255)), round(width * SUPERSAMPLING), cv2.LINE_AA)
