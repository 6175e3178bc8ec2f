"""The parts of a file of ten bytes that Range headers ask for."""

import pytest

from vanceweb.lib.byte_ranges import ByteRange, RangeNotSatisfiable, parse_range


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=2-5", 2, 5),
        ("bytes=2-", 2, 9),
        ("bytes=9-", 9, 9),
        ("bytes=2-99999999999999999999999999", 2, 9),
        ("bytes=-3", 7, 9),
        ("bytes=-10", 0, 9),
        ("bytes=-99", 0, 9),
        ("Bytes = 2-5 ", 2, 5),
        ("bytes=2-5,", 2, 5),
    ],
)
def test_a_single_range_is_found_and_ends_with_the_file(header: str, first: int, last: int) -> None:
    part = parse_range(header, 10)
    assert part == ByteRange(first, last)
    assert part.count == last - first + 1


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-12", "bytes=99999999999999999999-", "bytes=-0"])
def test_a_range_behind_the_end_is_refused(header: str) -> None:
    with pytest.raises(RangeNotSatisfiable):
        parse_range(header, 10)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=5-2",
        "bytes=99-50",
        "bytes=a-b",
        "bytes=+1-2",
        "bytes=1-2-3",
        "bytes=1 -2",
        "bytes=٣-٤",
        "lines=0-1",
        "0-1",
        f"bytes={'9' * 5000}-",
        "bytes=0-1,4-5",
        "bytes=0-1, -1",
    ],
)
def test_several_ranges_and_invalid_ones_mean_the_whole_file(header: str) -> None:
    assert parse_range(header, 10) is None


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=-5", "bytes=0-0"])
def test_an_empty_file_has_no_ranges(header: str) -> None:
    with pytest.raises(RangeNotSatisfiable):
        parse_range(header, 0)
