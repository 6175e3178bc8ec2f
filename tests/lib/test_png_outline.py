"""The outline of a PNG: depth, transparent key and the values of the colour chunks."""

import io

import numpy as np
import pytest

from tests.lib.hostile_pictures import build_chunk
from tests.png_samples import build_code_points, build_gamma, build_png
from vanceweb.lib.png_outline import PngOutline, read_png_outline

GREY, COLOURS = np.zeros((2, 3, 1)), np.zeros((2, 3, 3))
KEY = build_chunk(b"tRNS", b"\x01\x02\x03\x04\x05\x06")


def read(file: bytes) -> PngOutline:
    return read_png_outline(io.BytesIO(file))


def test_chunks_are_read_with_their_values() -> None:
    outline = read(build_png(COLOURS, build_gamma(0.5), build_code_points(9, 16), KEY, depth=16))
    assert (outline.bit_depth, outline.colour_type, outline.key) == (16, 2, (0x0102, 0x0304, 0x0506))
    assert outline.chunks == {b"gAMA": (50_000,), b"cICP": (9, 16, 0, 1)}
    assert outline.has_deep_colours


@pytest.mark.parametrize(("depth", "key"), [(16, 0x0107), (8, 7), (4, 7), (2, 3), (1, 1)])
def test_only_the_bits_of_a_sample_count_in_a_key(depth: int, key: int) -> None:
    assert read(build_png(GREY, build_chunk(b"tRNS", b"\x01\x07"), depth=depth)).key == (key,)


def test_a_palettes_transparency_is_no_key() -> None:
    header = build_chunk(b"IHDR", bytes.fromhex("0000000100000001 08 03 000000"))
    assert read(b"\x89PNG\r\n\x1a\n" + header + build_chunk(b"tRNS", b"\0\1")).key is None


def test_a_chunk_counts_once_complete_and_before_the_pixels() -> None:
    damaged = build_gamma(0.3)[:-1] + b"?"
    too_long = build_chunk(b"gAMA", b"\0\0\0\0\1")
    assert read(build_png(GREY, damaged, too_long, build_gamma(1), build_gamma(0.3))).chunks == {b"gAMA": (100_000,)}
    late = build_png(GREY)
    assert not read(late[:-12] + build_gamma(1) + late[-12:]).chunks


@pytest.mark.parametrize("length", [0, 4, 8, 12, 20, 33, 37, 45, 48])
def test_an_incomplete_file_has_an_outline(length: int) -> None:
    assert not read(build_png(GREY, build_gamma(1))[:length]).chunks


def test_another_format_has_no_chunks() -> None:
    assert read(b"\xff\xd8\xff\xe0\0\x10JFIF") == PngOutline()
