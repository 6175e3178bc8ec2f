"""Credits by day, week or month, divided by feature, person or connection."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from vanceweb.usage.figures.entries import Entry, EntryNames, build_rest
from vanceweb.usage.figures.filters import Dimension
from vanceweb.usage.figures.group_sums import BucketSum
from vanceweb.usage.figures.periods import Bucket, Period

# The colours that people can tell apart, besides those of the rest and of foreign charges.
MOST_SERIES = 7
NOTHING = Decimal(0)


@dataclass(frozen=True)
class Series:
    """The credits of one entry in each bucket."""

    entry: Entry
    credits: tuple[Decimal, ...]
    total: Decimal


@dataclass(frozen=True)
class Bars:
    """The buckets of a period, in order, by the first day of each, and the series, the largest first.

    After the series of single entries come that of the rest and that of foreign charges, if there are any.
    """

    bucket: Bucket
    by: Dimension
    starts: tuple[date, ...]
    series: tuple[Series, ...]
    totals: tuple[Decimal, ...]
    jobs: tuple[int, ...]

    @property
    def total(self) -> Decimal:
        return sum(self.totals, NOTHING)


def build_bars(
    sums: Iterable[BucketSum],
    names: EntryNames,
    period: Period,
    bucket: Bucket,
    by: Dimension,
    *,
    most: int | None = MOST_SERIES,
) -> Bars:
    """Return the sums as series: one for each of the `most` largest entries (None: of all), and one for the rest."""
    starts = tuple(period.iterate_starts(bucket))
    places = {start: place for place, start in enumerate(starts)}
    credits: dict[Entry, list[Decimal]] = defaultdict(lambda: [NOTHING] * len(starts))
    # Named once, not in every bucket.
    entries: dict[tuple[Any, ...], Entry] = {}
    totals, jobs = [NOTHING] * len(starts), [0] * len(starts)
    for row in sums:
        place, key = places[row.start], (row.is_foreign, *row.values)
        if key not in entries:
            entries[key] = names.find_entry(by, row.values, is_foreign=row.is_foreign)
        credits[entries[key]][place] += row.credits
        totals[place] += row.credits
        jobs[place] += row.jobs
    series = [Series(entry, tuple(values), sum(values, NOTHING)) for entry, values in credits.items()]
    return Bars(bucket, by, starts, tuple(_order_series(series, most)), tuple(totals), tuple(jobs))


def _order_series(series: list[Series], most: int | None) -> list[Series]:
    own = sorted((one for one in series if not one.entry.is_foreign), key=lambda one: (-one.total, one.entry.name))
    rest = [] if most is None else own[most:]
    # A rest of one would hide its name for nothing.
    shown = own if len(rest) <= 1 else [*own[:most], _add_series(rest)]
    return [*shown, *(one for one in series if one.entry.is_foreign)]


def _add_series(series: list[Series]) -> Series:
    credits = tuple(sum(values, NOTHING) for values in zip(*(one.credits for one in series), strict=True))
    return Series(build_rest(), credits, sum(credits, NOTHING))
