"""Distractors: thin things in a picture that must not be detected as damage (wires, hair, branches, text, edges).

They are drawn into the grey picture (float32, 0..1, HxW) before it is aged, so that softness and grain of the print
cover them, while damage covers the grain.
"""

import math
from collections.abc import Callable

import cv2
import numpy as np

from training.degradations import SUPERSAMPLING, Image, draw_path, make_path, shrink_layer

WORDS = (
    "CAFE",
    "Hotel",
    "1923",
    "STOP",
    "Bakery",
    "No. 7",
    "open daily",
    "Kodak",
    "TAXI",
    "Rue de la Paix",
    "&",
    "///",
)
FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
)


def create_canvas(shape: tuple[int, int]) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.zeros((shape[0] * SUPERSAMPLING, shape[1] * SUPERSAMPLING), np.uint8)


def draw_wires(rng: np.random.Generator, shape: tuple[int, int]) -> Image:
    """Draw a few even, nearly parallel lines that sag from edge to edge."""
    layer = create_canvas(shape)
    left, right = rng.uniform(0, 1, 2) * shape[0]
    x = np.linspace(-2, shape[1] + 2, 40)
    for gap in np.cumsum(rng.uniform(3, 25, int(rng.integers(1, 6)))):
        sag = rng.uniform(0, 0.15) * shape[0] * (1 - (2 * x / shape[1] - 1) ** 2)
        path = np.stack([x, np.interp(x, [0, shape[1]], [left, right]) + sag + gap], 1)
        draw_path(layer, path, np.ones(len(path)), rng.uniform(0.5, 3))
    return shrink_layer(layer if rng.random() < 0.8 else np.ascontiguousarray(layer[::-1]), shape)


def draw_hair(rng: np.random.Generator, shape: tuple[int, int]) -> Image:
    """Draw a lock of hair: many fine lines in about the same direction."""
    layer = create_canvas(shape)
    heading, turn = rng.uniform(0, 2 * math.pi), rng.normal(0, 0.8)
    root = rng.uniform(0, 1, 2) * (shape[1], shape[0])
    for _ in range(int(rng.integers(15, 70))):
        start = root + rng.normal(0, rng.uniform(3, 30), 2)
        path = make_path(rng, start, heading + rng.normal(0, 0.12), rng.uniform(0.2, 0.6) * max(shape), abs(turn))
        draw_path(layer, path, np.full(len(path), rng.uniform(0.4, 1)), rng.uniform(0.5, 1.5))
    return shrink_layer(layer, shape)


def draw_branches(rng: np.random.Generator, shape: tuple[int, int]) -> Image:
    """Draw a bare twig: branches that fork and grow thinner."""
    layer = create_canvas(shape)
    limbs = [(rng.uniform(0, 1, 2) * (shape[1], shape[0]), rng.uniform(0, 2 * math.pi), rng.uniform(2, 5))]
    for _ in range(int(rng.integers(5, 22))):
        start, heading, width = limbs[int(rng.integers(len(limbs)))]
        path = make_path(rng, start, heading, rng.uniform(0.08, 0.4) * max(shape), 0.5)
        draw_path(layer, path, np.ones(len(path)), width)
        fork = path[int(rng.integers(len(path) // 2, len(path)))]
        limbs.append((fork, heading + rng.normal(0, 0.7), max(0.5, width * 0.65)))
    return shrink_layer(layer, shape)


def draw_text(rng: np.random.Generator, shape: tuple[int, int]) -> Image:
    """Draw a few words of lettering."""
    layer = create_canvas(shape)
    for _ in range(int(rng.integers(1, 5))):
        place = (rng.uniform(-0.1, 0.8, 2) * (layer.shape[1], layer.shape[0])).astype(int)
        font = FONTS[int(rng.integers(len(FONTS)))]
        word = WORDS[int(rng.integers(len(WORDS)))]
        size, thickness = rng.uniform(0.5, 3.5), int(rng.integers(1, 5))
        cv2.putText(layer, word, (int(place[0]), int(place[1])), font, size, 255, thickness, cv2.LINE_AA)
    return shrink_layer(layer, shape)


def draw_edges(rng: np.random.Generator, shape: tuple[int, int]) -> Image:
    """Draw a horizon, a frame or bars: even areas with straight borders."""
    layer = create_canvas(shape)
    heading = rng.choice([0, math.pi / 2]) + rng.normal(0, 0.08)
    along, across = np.array([math.cos(heading), math.sin(heading)]), np.array([-math.sin(heading), math.cos(heading)])
    middle = rng.uniform(0.1, 0.9, 2) * (shape[1], shape[0])
    for offset in np.cumsum(rng.uniform(4, 40, int(rng.integers(1, 7)))):
        centre = middle + across * offset
        path = np.stack([centre - along * max(shape) * 2, centre + along * max(shape) * 2])
        draw_path(layer, path, np.ones(1), rng.uniform(1, 12))
    return shrink_layer(layer, shape)


DRAWERS: tuple[Callable[[np.random.Generator, tuple[int, int]], Image], ...] = (
    draw_wires,
    draw_hair,
    draw_branches,
    draw_text,
    draw_edges,
)


def add_distractors(grey: Image, rng: np.random.Generator) -> Image:
    """Draw one or two kinds of distractors, dark or light, into the picture."""
    for index in rng.choice(len(DRAWERS), int(rng.integers(1, 3)), replace=False):
        cover = DRAWERS[int(index)](rng, (grey.shape[0], grey.shape[1])) * np.float32(rng.uniform(0.5, 1))
        # Few things in a photo are as white as bare paper: thin, even and white means a scratch.
        tone = rng.uniform(0, 0.3) if rng.random() < 0.6 else rng.uniform(0.45, 0.85)
        grey = (grey + (tone - grey) * cover).astype(np.float32)
    return grey
