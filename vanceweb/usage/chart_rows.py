"""The bars of the dashboard as rows of the table that its chart is drawn from."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from vanceweb.usage.figures.bars import Bars
from vanceweb.usage.figures.entries import EntryKind
from vanceweb.usage.figures.filters import Filters
from vanceweb.usage.figures.periods import DAY, Bucket, Period


@dataclass(frozen=True)
class ChartColumn:
    """A series: its name, and the suffix of the class of its colour."""

    name: str
    colour: str
    total: Decimal


@dataclass(frozen=True)
class ChartRow:
    """A bucket: its name at the axis and in a sentence, its credits by series, and the query of its charges."""

    label: str
    title: str
    credits: tuple[Decimal, ...]
    total: Decimal
    jobs: int
    query: str


def build_columns(bars: Bars) -> list[ChartColumn]:
    """Return the series in the order of the bars' credits. The rest and foreign charges have colours of their own."""
    colours = {EntryKind.REST: "rest", EntryKind.FOREIGN: "foreign"}
    return [
        ChartColumn(one.entry.name, colours.get(one.entry.kind, str(number)), one.total)
        for number, one in enumerate(bars.series, start=1)
    ]


def build_rows(bars: Bars, period: Period, filters: Filters) -> Iterator[ChartRow]:
    """Yield a row for each bucket, the oldest first."""
    others = filters.to_query()
    credits = zip(*(one.credits for one in bars.series), strict=True) if bars.series else [()] * len(bars.starts)
    for start, values, total, jobs in zip(bars.starts, credits, bars.totals, bars.jobs, strict=True):
        first, last = max(start, period.start), min(bars.bucket.get_next(start) - DAY, period.last_day)
        query = urlencode({**others, "from": first.isoformat(), "to": last.isoformat()})
        yield ChartRow(_write_label(bars.bucket, start), _write_title(first, last), values, total, jobs, query)


def _write_label(bucket: Bucket, start: date) -> str:
    return date_format(start, "M Y" if bucket == Bucket.MONTH else "j M")


def _write_title(first: date, last: date) -> str:
    if first == last:
        return date_format(first, "D j M Y")
    return _("%(first)s to %(last)s") % {"first": date_format(first, "j M"), "last": date_format(last, "j M Y")}
