"""The progress of a piece of work, reported as the fraction done.

A report also decides whether the work goes on: an exception that it raises stops the work and propagates. So each long
loop reports after every round, whether or not the fraction says much.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import TypeVar

Report = Callable[[float], None]  # gets the fraction done, 0..1
Item = TypeVar("Item")


def ignore_progress(fraction: float) -> None:
    """Do nothing: the report of work that nobody waits for."""


def narrow_report(report: Report, start: float, end: float) -> Report:
    """Return a report that maps 0..1 to `start`..`end` of `report`."""
    return lambda fraction: report(start + (end - start) * fraction)


def split_report(report: Report, weights: Sequence[float]) -> list[Report]:
    """Return a report for each of several parts done in turn; `weights` are their shares of the time, in any unit."""
    ends = list(accumulate(weights, initial=0.0))
    total = ends[-1] or 1.0
    return [narrow_report(report, start / total, end / total) for start, end in pairwise(ends)]


def report_each(items: Sequence[Item], report: Report) -> Iterator[Item]:
    """Yield the items of a loop and report the fraction done after each round."""
    for done, item in enumerate(items, start=1):
        yield item
        report(done / len(items))


def keep_rising(report: Report) -> Report:
    """Return a report that passes on fractions of 0..1 that never fall, whatever rounding does to the parts' ends."""
    highest = 0.0

    def report_highest(fraction: float) -> None:
        nonlocal highest
        highest = min(max(fraction, highest), 1.0)
        report(highest)

    return report_highest
