"""Reproducible drawings, the ground truth for the networks for drawings."""

from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vanceweb.engine.processing.image.arrays import Pixels

SUPERSAMPLING = 4  # each drawing is made this many times as large and averaged to anti-alias its edges
DrawFunction = Callable[[ImageDraw.ImageDraw, int], None]

PAPER, INK = (250, 248, 240), (24, 20, 28)
SKIN, HAIR, COAT, SKY, LEAF = (252, 214, 186), (96, 58, 140), (40, 92, 170), (150, 206, 240), (92, 170, 84)


def draw_line_art(side: int = 256) -> Pixels:
    """Draw black curves of several widths on paper."""
    return _render(_draw_lines, side)


def draw_flat_colours(side: int = 256) -> Pixels:
    """Draw a face in flat colours with outlines, as in animation."""
    return _render(_draw_face, side)


def draw_lettering(side: int = 256) -> Pixels:
    """Draw words of several sizes, in speech bubbles and on colour."""
    return _render(_draw_words, side)


DRAWINGS: dict[str, Callable[[int], Pixels]] = {
    "line art": draw_line_art,
    "flat colours": draw_flat_colours,
    "lettering": draw_lettering,
}


def measure_line_contrast(pixels: Pixels, truth: Pixels) -> float:
    """Return the share of the gradient that the lines of the truth have kept: 1 if as steep, less if soft."""
    gradient = _compute_gradient(truth)
    lines = gradient > 0.5 * gradient.max()
    return float(_compute_gradient(pixels)[lines].mean() / gradient[lines].mean())


def _compute_gradient(pixels: Pixels) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    grey = pixels.astype(np.float32).mean(axis=2)
    return np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))


def _render(draw: DrawFunction, side: int) -> Pixels:
    large = side * SUPERSAMPLING
    image = Image.new("RGB", (large, large), PAPER)
    draw(ImageDraw.Draw(image), large)
    return np.asarray(image.resize((side, side), Image.Resampling.BOX))


def _draw_lines(draw: ImageDraw.ImageDraw, side: int) -> None:
    turns = np.linspace(0, 2 * np.pi, 200)
    for number, width in enumerate((4, 6, 8, 10, 14, 18)):
        size = side * (0.1 + 0.06 * number)
        wave = size * (1 + 0.16 * np.sin((number + 3) * turns))
        points = zip(side / 2 + wave * np.cos(turns), side / 2 + wave * np.sin(turns), strict=True)
        draw.line([*points], fill=INK, width=width * side // 1024, joint="curve")
    for number in range(9):
        start = side * 0.03 * number
        draw.line((0, start, start, 0), fill=INK, width=(3 + number) * side // 1024)
        draw.line((side - start, side, side, side - start * 0.7), fill=INK, width=(3 + number) * side // 1024)


def _draw_face(draw: ImageDraw.ImageDraw, side: int) -> None:
    at = [side * n / 64 for n in range(65)]
    pen = side // 80
    draw.rectangle((0, 0, side, side), fill=SKY)
    draw.polygon([(0, side), (0, at[52]), (at[20], at[42]), (at[30], side)], fill=LEAF, outline=INK, width=pen)
    draw.rounded_rectangle((at[10], at[46], at[54], at[70 - 6]), radius=at[8], fill=COAT, outline=INK, width=pen)
    draw.ellipse((at[12], at[4], at[52], at[50]), fill=HAIR, outline=INK, width=pen)
    draw.ellipse((at[18], at[12], at[46], at[50]), fill=SKIN, outline=INK, width=pen)
    draw.polygon([(at[18], at[12]), (at[46], at[12]), (at[38], at[24]), (at[33], at[14]), (at[24], at[25])], fill=HAIR)
    for left in (22, 35):
        draw.ellipse((at[left], at[26], at[left + 7], at[35]), fill=(255, 255, 255), outline=INK, width=pen)
        draw.ellipse((at[left + 2], at[28], at[left + 6], at[35]), fill=COAT, outline=INK, width=pen // 2)
        draw.ellipse((at[left + 3], at[29], at[left + 4], at[30]), fill=(255, 255, 255))
        draw.arc((at[left - 1], at[21], at[left + 8], at[28]), 200, 340, fill=INK, width=pen)
    draw.arc((at[27], at[36], at[38], at[44]), 20, 160, fill=(190, 60, 70), width=pen)


def _draw_words(draw: ImageDraw.ImageDraw, side: int) -> None:
    draw.rectangle((0, side * 0.55, side, side), fill=COAT)
    draw.ellipse(
        (side * 0.05, side * 0.04, side * 0.95, side * 0.5), fill=(255, 255, 255), outline=INK, width=side // 100
    )
    lines = (("Where to, captain?", 0.15, 0.082, INK), ("Up!", 0.28, 0.15, (200, 40, 40)),
             ("CHAPTER ONE", 0.6, 0.11, (255, 220, 90)), ("in which nobody sleeps", 0.76, 0.066, PAPER),
             ("and the lamp goes out", 0.86, 0.05, PAPER))  # fmt: skip
    for text, top, size, colour in lines:
        font = ImageFont.load_default(side * size)
        draw.text((side / 2, side * top), text, fill=colour, font=font, anchor="ma")
