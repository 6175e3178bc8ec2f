"""Encodings of colours: PQ's brightness, and primaries that make no sense."""

import math

import pytest

from vanceweb.lib.colour_encodings import (
    PRIMARIES,
    SRGB,
    TRANSFERS,
    ColourEncoding,
    compute_matrix,
    decode_srgb,
    encode_srgb,
    find_encoding,
)
from vanceweb.lib.matrices import apply
from vanceweb.lib.png_outline import PngOutline

PQ_CODE = (9, 16, 0, 1)


@pytest.mark.parametrize("number", list(PRIMARIES))
def test_white_becomes_the_white_of_profiles(number: int) -> None:
    assert apply(compute_matrix(PRIMARIES[number]), (1, 1, 1)) == pytest.approx((0.9642, 1, 0.8249), abs=1e-4)


@pytest.mark.parametrize("number", list(TRANSFERS))
def test_transfers_rise(number: int) -> None:
    light = [TRANSFERS[number](level / 255) for level in range(256)]
    assert light == sorted(light)
    assert light[0] == pytest.approx(0, abs=1e-6)


def test_srgb_is_decoded_and_encoded() -> None:
    assert [encode_srgb(decode_srgb(level / 255)) * 255 for level in range(256)] == pytest.approx(range(256), abs=1e-3)


# Light of white and of white times four, as Chromium shows it, for the brightest light of a file in cd/m².
@pytest.mark.parametrize(
    ("peak", "white", "four"), [(203, 1, 1), (406, 0.78, 1), (600, 0.66, 1), (1000, 0.5, 0.92), (4000, 0.5, 0.72)]
)
@pytest.mark.parametrize("chunk", [b"cLLI", b"mDCV"])
def test_bright_light_is_compressed_as_in_browsers(peak: int, white: float, four: float, chunk: bytes) -> None:
    stored = (peak * 10_000, 0) if chunk == b"cLLI" else (*[0] * 8, peak * 10_000, 0)
    encoding, _ = find_encoding(PngOutline(chunks={b"cICP": PQ_CODE, chunk: stored}), has_profile=False)
    assert encoding is not None
    assert encoding.compress_tone(1) == pytest.approx(white, abs=0.02)
    assert encoding.compress_tone(3.73) == pytest.approx(four, abs=0.03)
    assert encoding.compress_tone(100) == 1


def test_pq_reaches_ten_thousand_candela() -> None:
    assert TRANSFERS[16](1) * 203 == pytest.approx(10_000)
    assert TRANSFERS[16](0.508) * 203 == pytest.approx(100, rel=0.01)


# x and y of white, red, green, blue: on one line, far away, white without light.
@pytest.mark.parametrize(
    "points",
    [(0.3127, 0.329, 0.1, 0.1, 0.2, 0.2, 0.3, 0.3), (20_000.0,) * 8, (0.3, 0, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)],
)
def test_impossible_primaries_count_as_srgb(points: tuple[float, ...]) -> None:
    stored = tuple(round(value * 100_000) for value in points)
    assert find_encoding(PngOutline(chunks={b"gAMA": (100_000,), b"cHRM": stored}), has_profile=False) == (None, False)


def test_the_brightest_light_is_white_without_hdr() -> None:
    encoding = ColourEncoding(SRGB, decode_srgb)
    assert [encoding.compress_tone(light) for light in (-1, 0, 0.5, 1, 2)] == [0, 0, 0.5, 1, 1]
    assert not math.isnan(encoding.compress_tone(0))
