"""How well a colouriser colours: distance to the true colours, chroma, and a sheet of pictures to look at."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.measures import write_sheet
from training.photos import Split, kept_out_names, middle_crop, to_float
from training.running import runner

WORKING = 256  # px
COLOURED = 6.0  # true chroma above which a pixel counts
EQUAL = 0.86  # chroma ratio at which colourisers are compared: paler ones look truer than they are
COARSE = 8  # px of a cell within which colours are averaged before it is asked how even they are
EVEN, REACHES = 4.0, (2, 4)  # ab within which two cells truly are one colour, and how many cells lie between them
GUIDE_RADIUS, GUIDE_SOFTNESS = 6, 1e-3  # px; variance of L/100 below which an area is smooth
SHEET_EVERY, SHEET_ROW = 4, 4  # of the kept-out photos: 50 of 200

Floats = NDArray[np.float32]


@dataclass
class Figures:
    """Of each photo: the share of pixels nearer to the truth than grey is, ab distances, chroma, patches."""

    nearer: list[float] = field(default_factory=list)
    error: list[float] = field(default_factory=list)
    error_of_grey: list[float] = field(default_factory=list)
    chroma: list[float] = field(default_factory=list)
    true_chroma: list[float] = field(default_factory=list)
    patches: list[float] = field(default_factory=list)

    def count(self, colours: Floats, truth: Floats) -> None:
        """Takes in a photo, ab HxWx2 each. Photos without colour only count for the distances."""
        wrong, grey = np.linalg.norm(colours - truth, axis=2), np.linalg.norm(truth, axis=2)
        coloured = grey > COLOURED
        if np.count_nonzero(coloured) > coloured.size // 100:
            self.nearer.append(float(np.mean(wrong[coloured] < grey[coloured])))
        self.error.append(float(wrong.mean()))
        self.error_of_grey.append(float(grey.mean()))
        self.chroma.append(float(np.linalg.norm(colours, axis=2).mean()))
        self.true_chroma.append(float(grey.mean()))
        self.patches += steps_on_even_things(colours, truth)

    def line(self, title: str) -> str:
        chroma, true = np.array(self.chroma), np.array(self.true_chroma)
        return (
            f"{title}: {np.mean(self.nearer):.1%} nearer than grey, ab distance {np.mean(self.error):.1f} (grey "
            f"{np.mean(self.error_of_grey):.1f}), chroma ratio {chroma.sum() / true.sum():.2f} (mean of ratios "
            f"{np.mean(chroma / np.maximum(1, true)):.2f}), steps on even things {np.mean(self.patches or [0]):.2f}"
        )


def steps_on_even_things(colours: Floats, truth: Floats) -> list[float]:
    """The mean change of colour (ab) between cells that truly are of one colour; empty where there are none."""
    size = (max(1, truth.shape[1] // COARSE), max(1, truth.shape[0] // COARSE))
    made, true = (cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (colours, truth))
    steps = []
    for reach in REACHES:
        for here, there in ((np.s_[reach:], np.s_[:-reach]), (np.s_[:, reach:], np.s_[:, :-reach])):
            even = np.linalg.norm(true[here] - true[there], axis=2) < EVEN
            steps.append(np.linalg.norm(made[here] - made[there], axis=2)[even])
    found = np.concatenate(steps)
    return [float(found.mean())] if found.size else []


def coloured(run: Any, lightness: Floats) -> Floats:
    """ab (HxWx2) for L (HxW, 0..100, sides a multiple of 32), led by L so that colours stop at edges."""
    ab = run(np.ascontiguousarray(lightness[None, None]))[0].transpose(1, 2, 0)
    size = (lightness.shape[1], lightness.shape[0])
    large = np.asarray(cv2.resize(ab, size, interpolation=cv2.INTER_CUBIC), np.float32)
    guide = np.ascontiguousarray(lightness / np.float32(100))
    planes = [
        cv2.ximgproc.guidedFilter(guide, np.ascontiguousarray(large[..., plane]), GUIDE_RADIUS, GUIDE_SOFTNESS)
        for plane in (0, 1)
    ]
    return np.stack(planes, 2).astype(np.float32)


def figure_lines(made: Sequence[Floats], true: Sequence[Floats], kinds: Sequence[str]) -> list[str]:
    """Figures of the colours made for photos (ab HxWx2 each), on all and on each kind: as made, and EQUAL in chroma."""
    lines = [each.line(kind) for kind, each in counted(made, true, kinds, 1.0).items()]
    strengths = [sum(float(np.linalg.norm(ab, axis=2).mean()) for ab in each) for each in (true, made)]
    gain = EQUAL * strengths[0] / max(strengths[1], 1e-9)
    equal = counted(made, true, kinds, gain)
    return [*lines, f"Times {gain:.2f}:", *(each.line(kind) for kind, each in equal.items())]


def counted(made: Sequence[Floats], true: Sequence[Floats], kinds: Sequence[str], gain: float) -> dict[str, Figures]:
    """Figures on `all` and on each kind, of the colours made times `gain`."""
    figures = {"all": Figures()}
    for ab, truth, kind in zip(made, true, kinds, strict=True):
        for each in ("all", kind):
            figures.setdefault(each, Figures()).count(ab * np.float32(gain), truth)
    return figures


def kept_out_in_lab(split: Split) -> list[Floats]:
    """The kept-out photos' middle squares in Lab, WORKING px wide."""
    squares = (to_float(middle_crop(photo, WORKING)) for photo in split.kept_out)
    return [np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), np.float32) for rgb in squares]


def kept_out_kinds() -> list[str]:
    return [name.split("_")[0] for name in kept_out_names()]


def report_lines(path: Path, split: Split, out: Path) -> list[str]:
    """Figures of a file on the kept-out photos; writes `sheet.png`: grey, coloured, true."""
    run = runner(path)
    photos = kept_out_in_lab(split)
    made = [coloured(run, np.ascontiguousarray(lab[..., 0])) for lab in photos]
    write_sheet(out / "sheet.png", sheet_rows(photos[::SHEET_EVERY], made[::SHEET_EVERY]))
    return figure_lines(made, [lab[..., 1:] for lab in photos], kept_out_kinds())


def sheet_rows(photos: Sequence[Floats], made: Sequence[Floats]) -> list[list[Floats]]:
    """Rows of grey, coloured and true side by side, RGB 0..1."""
    tiles = []
    for lab, ab in zip(photos, made, strict=True):
        light = lab[..., :1]
        trio = [np.concatenate([light, np.zeros_like(ab)], 2), np.concatenate([light, ab], 2), lab]
        tiles.append(np.concatenate([np.asarray(cv2.cvtColor(i, cv2.COLOR_LAB2RGB), np.float32) for i in trio], 1))
    return [tiles[start : start + SHEET_ROW] for start in range(0, len(tiles) - SHEET_ROW + 1, SHEET_ROW)]
