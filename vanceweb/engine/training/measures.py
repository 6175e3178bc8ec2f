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
    """Pixels counted over many pictures: rightly marked, wrongly marked, missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def count(self, marked: Mask, true: Mask, judged: Mask) -> None:
        self.right += int(np.count_nonzero(marked & true & judged))
        self.wrong += int(np.count_nonzero(marked & ~true & judged))
        self.missed += int(np.count_nonzero(~marked & true & judged))

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)


def write_sheet(path: Path, rows: list[list[Image]]) -> None:
    """Writes pictures of equal size as one PNG to look at, row by row."""
    lines = [np.concatenate([as_rgb(image) for image in row], 1) for row in rows]
    pixels = (np.clip(np.concatenate(lines), 0, 1) * 255 + 0.5).astype(np.uint8)
    cv2.imwrite(str(path), np.ascontiguousarray(pixels[..., ::-1]))


def as_rgb(image: Image) -> Image:
    return np.repeat(image[..., None], 3, 2) if image.ndim == 2 else image
