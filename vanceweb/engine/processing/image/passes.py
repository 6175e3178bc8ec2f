"""Several passes over a whole picture, one after the other."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

from vanceweb.engine.processing.image.arrays import Pixels
from vanceweb.engine.processing.image.progress import Report, split_report
from vanceweb.engine.processing.image.tiles import TileWork, run_tiled


@dataclass(frozen=True)
class Pass:
    """One tiled run that makes the picture `scale` times as large. `border` and `side` are in px."""

    apply: TileWork
    border: int
    side: int
    scale: Fraction = Fraction(1)


def run_passes(colours: Pixels, passes: Sequence[Pass], report: Report) -> Pixels:
    """Run all passes in turn; each one's share of the progress is its share of the px produced."""
    areas = list(accumulate((one.scale**2 for one in passes), operator.mul))
    for one, part in zip(passes, split_report(report, [float(area) for area in areas]), strict=True):
        colours = run_tiled(colours, one.apply, scale=one.scale, border=one.border, side=one.side, report=part)
    return colours
