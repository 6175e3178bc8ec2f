"""Periods of days in a team's zone: presets, own dates, the one to compare with, and their division into buckets."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vanceweb.teams.models import Team

DAY = timedelta(days=1)
# No service has an older history; and a bound keeps the comparison within the dates that exist.
EARLIEST = date(2000, 1, 1)
LATEST = date(2199, 12, 31)
# Ten years and the days of leap years: as many months as a chart has room for.
MAX_DAYS = 3660
# Bars of one chart or buckets of one answer: a leap year by day.
MAX_BUCKETS = 366
# Up to so many days, bars stand for days; then up to so many, for weeks. On a phone, more can't be told apart.
DAYS_BY_DAY = 45
DAYS_BY_WEEK = 186
DATE_FORMAT = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Preset(TextChoices):
    """The periods that people pick without typing dates. All but the last month end today."""

    DAYS_7 = "7-days", gettext_lazy("Last 7 days")
    DAYS_30 = "30-days", gettext_lazy("Last 30 days")
    DAYS_90 = "90-days", gettext_lazy("Last 90 days")
    THIS_MONTH = "this-month", gettext_lazy("This month")
    LAST_MONTH = "last-month", gettext_lazy("Last month")
    THIS_YEAR = "this-year", gettext_lazy("This year")
    MONTHS_12 = "12-months", gettext_lazy("Last 12 months")


DEFAULT_PRESET = Preset.DAYS_30


class Bucket(TextChoices):
    """The spans of time that a chart's bars stand for."""

    DAY = "day", gettext_lazy("By day")
    WEEK = "week", gettext_lazy("By week")
    MONTH = "month", gettext_lazy("By month")

    def get_start(self, day: date) -> date:
        """Return the first day of the bucket that a day is in. Weeks begin on Monday."""
        return _STARTS[self](day)

    def get_next(self, start: date) -> date:
        """Return the first day of the bucket after the one that begins on `start`."""
        return _FOLLOWING[self](start)


def _get_month(day: date) -> date:
    return day.replace(day=1)


def _get_next_month(day: date) -> date:
    return _get_month(day.replace(day=28) + 4 * DAY)


_STARTS: Mapping[Bucket, Callable[[date], date]] = {
    Bucket.DAY: lambda day: day,
    Bucket.WEEK: lambda day: day - day.weekday() * DAY,
    Bucket.MONTH: _get_month,
}
_FOLLOWING: Mapping[Bucket, Callable[[date], date]] = {
    Bucket.DAY: lambda day: day + DAY,
    Bucket.WEEK: lambda day: day + 7 * DAY,
    Bucket.MONTH: _get_next_month,
}


class Part(Enum):
    """The roll-up that a part of a period is summed up from."""

    DAYS = "days"
    MONTHS = "months"


@dataclass(frozen=True)
class Period:
    """Days in a team's zone, from `start` up to and without `end`. `preset` is what was picked, if it was."""

    start: date
    end: date
    preset: Preset | None = None

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def last_day(self) -> date:
        """The last day that belongs to the period."""
        return self.end - DAY

    @property
    def before(self) -> "Period":
        """The period of the same length right before, to compare with."""
        return Period(self.start - self.days * DAY, self.start)

    def to_query(self) -> dict[str, str]:
        """Return the parameters of an address from which `read_period` reads this period."""
        if self.preset is not None:
            return {"period": self.preset.value}
        return {"from": self.start.isoformat(), "to": self.last_day.isoformat()}

    def choose_bucket(self) -> Bucket:
        """Return the bucket that divides the period into a readable number of bars."""
        if self.days <= DAYS_BY_DAY:
            return Bucket.DAY
        return Bucket.WEEK if self.days <= DAYS_BY_WEEK else Bucket.MONTH

    def iterate_starts(self, bucket: Bucket) -> Iterator[date]:
        """Yield the first day of each bucket; that of the first one may lie before the period."""
        start = bucket.get_start(self.start)
        while start < self.end:
            yield start
            start = bucket.get_next(start)

    def count_buckets(self, bucket: Bucket) -> int:
        """Return the number of buckets that the period touches."""
        return sum(1 for _start in self.iterate_starts(bucket))

    def split(self) -> list[tuple[Part, "Period"]]:
        """Return the period in parts: its whole months, which have sums of their own, and the days around them.

        Each of the parts with days lies in one month.
        """
        first = self.start if self.start.day == 1 else _get_next_month(self.start)
        last = _get_month(self.end)
        if first > last:
            return [(Part.DAYS, self)]
        parts = [
            (Part.DAYS, Period(self.start, first)),
            (Part.MONTHS, Period(first, last)),
            (Part.DAYS, Period(last, self.end)),
        ]
        return [(part, period) for part, period in parts if period.days]

    def get_moments(self, zone: str) -> tuple[datetime, datetime]:
        """Return the moments at which the period begins and ends in the zone, an IANA name."""
        first, last = (datetime.combine(day, time(), ZoneInfo(zone)) for day in (self.start, self.end))
        return first, last


def get_today(team: Team) -> date:
    """Return the current date in the team's zone."""
    return timezone.now().astimezone(ZoneInfo(team.time_zone)).date()


def build_preset(preset: Preset, today: date) -> Period:
    """Return the period of a preset. `today` is the date in the team's zone."""
    month = _get_month(today)
    starts = {
        Preset.DAYS_7: today - 6 * DAY,
        Preset.DAYS_30: today - 29 * DAY,
        Preset.DAYS_90: today - 89 * DAY,
        Preset.THIS_MONTH: month,
        Preset.LAST_MONTH: _get_month(month - DAY),
        Preset.THIS_YEAR: date(today.year, 1, 1),
        # With this month, the twelve that a chart by month shows.
        Preset.MONTHS_12: _get_next_month(date(today.year - 1, today.month, 1)),
    }
    return Period(starts[preset], month if preset == Preset.LAST_MONTH else today + DAY, preset)


def read_period(query: Mapping[str, str], today: date) -> Period:
    """Return the period that a query asks for: by `from` and `to`, both included, by `period`, or the last 30 days.

    One date alone reaches until today, or begins 30 days before. Raise ValidationError with the field that is wrong.
    """
    first, last, preset = (query.get(name, "") for name in ("from", "to", "period"))
    if first or last:
        return _read_own_dates(first, last, today)
    if not preset:
        return build_preset(DEFAULT_PRESET, today)
    if preset not in Preset.values:
        raise ValidationError({"period": _("There is no such period.")})
    return build_preset(Preset(preset), today)


def read_bucket(text: str, period: Period) -> Bucket:
    """Return the bucket of this name, or for "" one that suits the period. Raise ValidationError for `bucket`."""
    if not text:
        return period.choose_bucket()
    if text not in Bucket.values:
        raise ValidationError({"bucket": _("There is no such division of a period.")})
    bucket = Bucket(text)
    if period.count_buckets(bucket) > MAX_BUCKETS:
        raise ValidationError({"bucket": _("The period is too long for that. Choose longer spans of time.")})
    return bucket


def _read_own_dates(first: str, last: str, today: date) -> Period:
    last_day = _read_date("to", last) if last else today
    start = _read_date("from", first) if first else max(EARLIEST, last_day - 29 * DAY)
    if start > last_day:
        raise ValidationError({"from": _("The first day is after the last one.")})
    period = Period(start, last_day + DAY)
    if period.days > MAX_DAYS:
        raise ValidationError({"from": _("The period is longer than ten years.")})
    return period


def _read_date(field: str, text: str) -> date:
    try:
        day = date.fromisoformat(text) if DATE_FORMAT.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise ValidationError({field: _("This is not a date such as 2026-01-31.")})
    if not EARLIEST <= day <= LATEST:
        raise ValidationError({field: _("This date is too far away.")})
    return day
