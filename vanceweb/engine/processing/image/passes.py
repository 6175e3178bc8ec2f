"""Several passes over a whole picture, one after the other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from vanceweb.engine.processing.image.arrays import Pixels, Planes
from vanceweb.engine.processing.image.tiles import Report, narrow_report, run_tiled


@dataclass(frozen=True)
class Pass:
    """One tiled run that makes the picture `scale` times as large. `border` and `side` are in px."""

    apply: Callable[[Planes], Planes]
    border: int
    side: int
    scale: Fraction = Fraction(1)


def run_passes(colours: Pixels, passes: Sequence[Pass], report: Report) -> Pixels:
    """Run all passes in turn; each one's share of the progress is its share of the px produced."""
    area, areas = Fraction(1), [Fraction(0)]
    for one in passes:
        area *= one.scale**2
        areas.append(areas[-1] + area)
    shares = [float(done / areas[-1]) for done in areas] if passes else []
    for one, start, end in zip(passes, shares, shares[1:], strict=False):
        colours = run_tiled(colours, one.apply, scale=one.scale, border=one.border, side=one.side,
                        report=narrow_report(report, start, end))  # fmt: skip
    return colours
