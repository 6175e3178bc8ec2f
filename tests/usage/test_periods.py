"""Periods: presets, own dates, comparison, buckets, and their addresses."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from vanceweb.usage.figures.periods import (
    DAY,
    MAX_DAYS,
    Bucket,
    Part,
    Period,
    Preset,
    build_preset,
    read_bucket,
    read_period,
)

TODAY = date(2028, 2, 29)


@pytest.mark.parametrize(
    ("preset", "start", "end"),
    [
        (Preset.DAYS_7, date(2028, 2, 23), date(2028, 3, 1)),
        (Preset.DAYS_30, date(2028, 1, 31), date(2028, 3, 1)),
        (Preset.DAYS_90, date(2027, 12, 2), date(2028, 3, 1)),
        (Preset.THIS_MONTH, date(2028, 2, 1), date(2028, 3, 1)),
        (Preset.LAST_MONTH, date(2028, 1, 1), date(2028, 2, 1)),
        (Preset.THIS_YEAR, date(2028, 1, 1), date(2028, 3, 1)),
        (Preset.MONTHS_12, date(2027, 3, 1), date(2028, 3, 1)),
    ],
)
def test_presets(preset: Preset, start: date, end: date) -> None:
    period = build_preset(preset, TODAY)
    assert (period.start, period.end) == (start, end)
    assert read_period(period.to_query(), TODAY) == period
    assert period.before.end == period.start
    assert period.before.days == period.days


def test_the_last_thirty_days_are_the_default() -> None:
    assert read_period({}, TODAY) == build_preset(Preset.DAYS_30, TODAY)


def test_own_dates_are_both_included() -> None:
    period = read_period({"from": "2026-01-01", "to": "2026-01-31"}, TODAY)
    assert period == Period(date(2026, 1, 1), date(2026, 2, 1))
    assert period.last_day == date(2026, 1, 31)
    assert period.days == 31
    assert read_period(period.to_query(), TODAY) == period


def test_one_date_is_enough() -> None:
    assert read_period({"from": "2028-02-01"}, TODAY) == Period(date(2028, 2, 1), date(2028, 3, 1))
    assert read_period({"to": "2028-01-30"}, TODAY) == Period(date(2028, 1, 1), date(2028, 1, 31))


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"period": "decade"}, "period"),
        ({"from": "2026-02-30"}, "from"),
        ({"from": "20260101"}, "from"),
        ({"from": "2026-01-01\n"}, "from"),
        ({"to": "٢٠٢٦-٠١-٠١"}, "to"),
        ({"from": "1999-12-31", "to": "2000-01-01"}, "from"),
        ({"to": "9999-12-31"}, "to"),
        ({"from": "2026-02-01", "to": "2026-01-31"}, "from"),
        ({"from": "2001-01-01", "to": "2026-01-31"}, "from"),
    ],
)
def test_mistakes_are_told_at_their_field(query: dict[str, str], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        read_period(query, TODAY)
    assert list(caught.value.message_dict) == [field]


def test_buckets_suit_the_period_unless_one_is_asked_for() -> None:
    start = date(2026, 1, 1)
    assert read_bucket("", Period(start, start + 31 * DAY)) == Bucket.DAY
    assert read_bucket("", Period(start, start + 92 * DAY)) == Bucket.WEEK
    assert read_bucket("", Period(start, start + 150 * DAY)) == Bucket.WEEK
    assert read_bucket("", Period(start, start + 365 * DAY)) == Bucket.MONTH
    assert read_bucket("day", Period(start, start + 365 * DAY)) == Bucket.DAY
    for text in ("hour", "day"):
        with pytest.raises(ValidationError) as caught:
            read_bucket(text, Period(start, start + MAX_DAYS * DAY))
        assert list(caught.value.message_dict) == ["bucket"]


def test_buckets_cover_the_period() -> None:
    period = Period(date(2026, 1, 15), date(2026, 3, 3))
    assert list(period.iterate_starts(Bucket.MONTH)) == [date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)]
    weeks = list(period.iterate_starts(Bucket.WEEK))
    assert weeks[0] == date(2026, 1, 12)
    assert weeks[-1] == date(2026, 3, 2)
    assert all(day.weekday() == 0 for day in weeks)
    assert period.count_buckets(Bucket.DAY) == period.days


def test_parts_cover_each_day_once() -> None:
    first = date(2026, 1, 1)
    for offset in range(40):
        for days in (1, 5, 28, 31, 45, 60, 95):
            period = Period(first + offset * DAY, first + (offset + days) * DAY)
            parts = period.split()
            assert parts[0][1].start == period.start
            assert parts[-1][1].end == period.end
            assert all(one.end == other.start for (_, one), (_, other) in itertools.pairwise(parts))
            for part, piece in parts:
                if part == Part.MONTHS:
                    assert piece.start.day == 1
                    assert piece.end.day == 1
                else:
                    assert piece.start.replace(day=1) == piece.last_day.replace(day=1)


def test_a_day_of_25_hours_has_them() -> None:
    start, end = Period(date(2026, 10, 25), date(2026, 10, 26)).get_moments("Europe/Berlin")
    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=25)
    assert start.astimezone(UTC) == datetime(2026, 10, 24, 22, tzinfo=UTC)
