"""The filters for sizes, durations, credits and times."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from django.template import Context, Template

from vanceweb.interface.templatetags import formats


@pytest.mark.parametrize(
    ("count", "shown"),
    [(None, "–"), (0, "0 B"), (1023, "1023 B"), (1024, "1 kB"), (10 * 1024 * 1024, "10.0 MB")],
)
def test_sizes_are_in_the_units_of_the_limits(count: int | None, shown: str) -> None:
    assert formats.filesize(count) == shown


@pytest.mark.parametrize(
    ("length", "shown"),
    [(None, "–"), (7.6, "8 s"), (timedelta(seconds=125), "2 min 5 s"), (timedelta(hours=1, minutes=4), "1 h 4 min")],
)
def test_durations_are_in_their_two_largest_units(length: timedelta | float | None, shown: str) -> None:
    assert formats.duration(length) == shown


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(None, "–"), (Decimal("1.000"), "1"), (Decimal("392.200"), "392.2"), (1000, "1,000"), (Decimal("0.000"), "0")],
)
def test_credits_have_no_trailing_zeros(amount: object, shown: str) -> None:
    assert formats.credits(amount) == shown


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=2))])
def test_times_are_shown_in_utc_and_marked_for_the_script(zone: timezone) -> None:
    moment = datetime(2025, 3, 9, 8, 5, tzinfo=UTC).astimezone(zone)
    shown = Template("{{ moment|local_time }} {{ moment|local_date }}").render(Context({"moment": moment}))
    assert shown == (
        '<time datetime="2025-03-09T08:05:00+00:00" data-local>9 Mar 2025, 08:05 UTC</time> '
        '<time datetime="2025-03-09T08:05:00+00:00" data-local="date">9 Mar 2025</time>'
    )
