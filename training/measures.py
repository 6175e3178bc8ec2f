"""Figures a network is judged by. Images are float32 0..1 of equal shape; no torch."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]


def psnr(image: Image, truth: Image) -> float:
    """Peak signal to noise ratio in dB; 99 for equal images."""
    error = float(np.mean((np.clip(image, 0, 1).astype(np.float64) - truth) ** 2))
    return 99.0 if error < 1e-10 else -10 * float(np.log10(error))


@dataclass
class Found:
    """Pixels counted over many pictures: marks that are right or wrong, damage that is found or missed."""

    right: int = 0
    wrong: int = 0
    found: int = 0
    missed: int = 0

    def count(self, marked: Mask, true: Mask, judged: Mask, tolerance: int = 0) -> None:
        """Takes in a picture. A mark is right, and damage found, if the other lies within `tolerance` px of it."""
        near_true, near_marked = widened(true, tolerance), widened(marked, tolerance)
        self.right += int(np.count_nonzero(marked & near_true & judged))
        self.wrong += int(np.count_nonzero(marked & ~near_true & judged))
        self.found += int(np.count_nonzero(true & near_marked & judged))
        self.missed += int(np.count_nonzero(true & ~near_marked & judged))

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.found / max(1, self.found + self.missed)


def widened(mask: Mask, radius: int) -> Mask:
    """The mask grown by `radius` px to all sides."""
    if not radius:
        return mask
    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)) > 0


def write_sheet(path: Path, rows: list[list[Image]]) -> None:
    """Writes pictures of equal size as one PNG to look at, row by row."""
    lines = [np.concatenate([as_rgb(image) for image in row], 1) for row in rows]
    pixels = (np.clip(np.concatenate(lines), 0, 1) * 255 + 0.5).astype(np.uint8)
    cv2.imwrite(str(path), np.ascontiguousarray(pixels[..., ::-1]))


def as_rgb(image: Image) -> Image:
    return np.repeat(image[..., None], 3, 2) if image.ndim == 2 else image
