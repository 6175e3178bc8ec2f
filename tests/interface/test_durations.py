"""Durations of less than a second."""

from datetime import timedelta

import pytest

from vanceweb.interface.templatetags.formats import duration


@pytest.mark.parametrize(
    ("length", "shown"), [(0, "under 1 s"), (timedelta(milliseconds=999), "under 1 s"), (1.0, "1 s")]
)
def test_less_than_a_second_is_not_shown_as_zero(length: timedelta | float, shown: str) -> None:
    assert duration(length) == shown
