"""Quality of a colouriser: distance to the true colours, chroma, and a sheet of pictures to look at."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.metrics import write_sheet
from training.onnx_inference import load_network
from training.photos import PhotoSplit, crop_middle, read_held_out_names, to_float

SIDE = 256  # px
COLOURED = 6.0  # true chroma above which a pixel counts
EQUAL_CHROMA = 0.86  # chroma ratio at which colourisers are compared: paler ones look truer than they are
CELL = 8  # px of the cells in which colours are averaged before their evenness is measured
EVEN_WITHIN = 4.0  # distance in ab up to which two cells have the same true colour
REACHES = (2, 4)  # distances between the compared cells, in cells
GUIDE_RADIUS, GUIDE_SOFTNESS = 6, 1e-3  # px; variance of L/100 below which an area is smooth
SHEET_EVERY, SHEET_ROW = 4, 4  # of the held-out photos: 50 of 200

Floats = NDArray[np.float32]


@dataclass
class ColourFigures:
    """Figures of each photo: share of pixels nearer to the truth than grey is, ab distances, chroma, patches."""

    nearer: list[float] = field(default_factory=list)
    error: list[float] = field(default_factory=list)
    error_of_grey: list[float] = field(default_factory=list)
    chroma: list[float] = field(default_factory=list)
    true_chroma: list[float] = field(default_factory=list)
    patches: list[float] = field(default_factory=list)

    def add(self, colours: Floats, truth: Floats) -> None:
        """Add the figures of a photo, ab HxWx2 each. Photos without colour count for the distances only."""
        wrong, grey = np.linalg.norm(colours - truth, axis=2), np.linalg.norm(truth, axis=2)
        coloured = grey > COLOURED
        if np.count_nonzero(coloured) > coloured.size // 100:
            self.nearer.append(float(np.mean(wrong[coloured] < grey[coloured])))
        self.error.append(float(wrong.mean()))
        self.error_of_grey.append(float(grey.mean()))
        self.chroma.append(float(np.linalg.norm(colours, axis=2).mean()))
        self.true_chroma.append(float(grey.mean()))
        self.patches += measure_colour_steps(colours, truth)

    def format_line(self, title: str) -> str:
        chroma, true = np.array(self.chroma), np.array(self.true_chroma)
        return (
            f"{title}: {np.mean(self.nearer):.1%} nearer than grey, ab distance {np.mean(self.error):.1f} (grey "
            f"{np.mean(self.error_of_grey):.1f}), chroma ratio {chroma.sum() / true.sum():.2f} (mean of ratios "
            f"{np.mean(chroma / np.maximum(1, true)):.2f}), steps in uniform areas {np.mean(self.patches or [0]):.2f}"
        )


def measure_colour_steps(colours: Floats, truth: Floats) -> list[float]:
    """Return the mean change of colour (ab) between cells of the same true colour; empty without such cells."""
    size = (max(1, truth.shape[1] // CELL), max(1, truth.shape[0] // CELL))
    made, true = (cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (colours, truth))
    steps = []
    for reach in REACHES:
        for here, there in ((np.s_[reach:], np.s_[:-reach]), (np.s_[:, reach:], np.s_[:, :-reach])):
            even = np.linalg.norm(true[here] - true[there], axis=2) < EVEN_WITHIN
            steps.append(np.linalg.norm(made[here] - made[there], axis=2)[even])
    found = np.concatenate(steps)
    return [float(found.mean())] if found.size else []


def colour_lightness(run: Any, lightness: Floats) -> Floats:
    """Return ab (HxWx2) for L (HxW, 0..100, sides a multiple of 32), guided by L so that colours stop at edges."""
    ab = run(np.ascontiguousarray(lightness[None, None]))[0].transpose(1, 2, 0)
    size = (lightness.shape[1], lightness.shape[0])
    large = np.asarray(cv2.resize(ab, size, interpolation=cv2.INTER_CUBIC), np.float32)
    guide = np.ascontiguousarray(lightness / np.float32(100))
    planes = [
        cv2.ximgproc.guidedFilter(guide, np.ascontiguousarray(large[..., plane]), GUIDE_RADIUS, GUIDE_SOFTNESS)
        for plane in (0, 1)
    ]
    return np.stack(planes, 2).astype(np.float32)


def format_figures(made: Sequence[Floats], true: Sequence[Floats], kinds: Sequence[str]) -> list[str]:
    """Return figures of colours (ab HxWx2 each) on all photos and each kind: as made, and at EQUAL_CHROMA."""
    lines = [each.format_line(kind) for kind, each in compute_figures(made, true, kinds, 1.0).items()]
    strengths = [sum(float(np.linalg.norm(ab, axis=2).mean()) for ab in each) for each in (true, made)]
    gain = EQUAL_CHROMA * strengths[0] / max(strengths[1], 1e-9)
    equal = compute_figures(made, true, kinds, gain)
    return [*lines, f"Times {gain:.2f}:", *(each.format_line(kind) for kind, each in equal.items())]


def compute_figures(
    made: Sequence[Floats], true: Sequence[Floats], kinds: Sequence[str], gain: float
) -> dict[str, ColourFigures]:
    """Return the figures of the colours made times `gain`, on `all` photos and on each kind."""
    figures = {"all": ColourFigures()}
    for ab, truth, kind in zip(made, true, kinds, strict=True):
        for each in ("all", kind):
            figures.setdefault(each, ColourFigures()).add(ab * np.float32(gain), truth)
    return figures


def prepare_held_out_lab(split: PhotoSplit) -> list[Floats]:
    """Return the held-out photos' middle squares in Lab, SIDE px wide."""
    squares = (to_float(crop_middle(photo, SIDE)) for photo in split.held_out)
    return [np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), np.float32) for rgb in squares]


def list_held_out_kinds() -> list[str]:
    return [name.split("_")[0] for name in read_held_out_names()]


def build_colour_report(path: Path, split: PhotoSplit, out: Path) -> list[str]:
    """Return the figures of a file on the held-out photos and write `sheet.png`: grey, coloured, true."""
    run = load_network(path)
    photos = prepare_held_out_lab(split)
    made = [colour_lightness(run, np.ascontiguousarray(lab[..., 0])) for lab in photos]
    write_sheet(out / "sheet.png", build_sheet_rows(photos[::SHEET_EVERY], made[::SHEET_EVERY]))
    return format_figures(made, [lab[..., 1:] for lab in photos], list_held_out_kinds())


def build_sheet_rows(photos: Sequence[Floats], made: Sequence[Floats]) -> list[list[Floats]]:
    """Return rows of grey, coloured and true pictures side by side, RGB 0..1."""
    tiles = []
    for lab, ab in zip(photos, made, strict=True):
        light = lab[..., :1]
        trio = [np.concatenate([light, np.zeros_like(ab)], 2), np.concatenate([light, ab], 2), lab]
        tiles.append(np.concatenate([np.asarray(cv2.cvtColor(i, cv2.COLOR_LAB2RGB), np.float32) for i in trio], 1))
    return [tiles[start : start + SHEET_ROW] for start in range(0, len(tiles) - SHEET_ROW + 1, SHEET_ROW)]
