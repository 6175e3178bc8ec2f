"""The filters for sizes, durations and credits."""

from datetime import timedelta
from decimal import Decimal

import pytest

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
