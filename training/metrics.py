"""Metrics of networks. Images are float32 0..1 of equal shape. Nothing here needs torch."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]


def compute_psnr(image: Image, truth: Image) -> float:
    """Return the peak signal-to-noise ratio in dB; 99 for equal images."""
    error = float(np.mean((np.clip(image, 0, 1).astype(np.float64) - truth) ** 2))
    return 99.0 if error < 1e-10 else -10 * float(np.log10(error))


@dataclass
class DetectionCounts:
    """Pixel counts over many pictures: right and wrong marks, found and missed damage."""

    right: int = 0
    wrong: int = 0
    found: int = 0
    missed: int = 0

    def add(self, marked: Mask, true: Mask, judged: Mask, tolerance: int = 0) -> None:
        """Add a picture. A mark is right, and damage is found, if the other is within `tolerance` px."""
        near_true, near_marked = dilate_mask(true, tolerance), dilate_mask(marked, tolerance)
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


def dilate_mask(mask: Mask, radius: int) -> Mask:
    """Grow the mask by `radius` px on all sides."""
    if not radius:
        return mask
    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)) > 0


def write_sheet(path: Path, rows: list[list[Image]]) -> None:
    """Write pictures of equal size as one PNG, row by row."""
    lines = [np.concatenate([as_rgb(image) for image in row], 1) for row in rows]
    pixels = (np.clip(np.concatenate(lines), 0, 1) * 255 + 0.5).astype(np.uint8)
    cv2.imwrite(str(path), np.ascontiguousarray(pixels[..., ::-1]))


def as_rgb(image: Image) -> Image:
    return np.repeat(image[..., None], 3, 2) if image.ndim == 2 else image
