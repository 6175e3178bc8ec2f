"""The number of pictures in a file, as a person would count them."""

import io
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import make_picture_file
from tests.lib.peculiar_pictures import build_apng, build_mpo
from vanceweb.lib.picture_counts import count_pictures

PHOTOS = Path(__file__).parents[1] / "photos"
ENTRIES_OFFSET = 50  # in an index by Pillow, behind the directory
GAIN_MAP = b'<x xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"/>'


def count(content: bytes) -> int:
    file = io.BytesIO(content)
    counted = count_pictures(file)
    assert file.tell() == 0
    return counted


def mark_second(content: bytes, kind: int) -> bytes:
    """Return the MPO of two pictures with another type of the second in its index."""
    second = content.index(b"MPF\0II*\0") + len(b"MPF\0") + ENTRIES_OFFSET + 16
    return content[:second] + struct.pack("<I", kind) + content[second + 4 :]


@pytest.mark.parametrize("number", [2, 3, 5])
def test_the_pictures_of_an_mpo_and_of_an_animation_are_counted(number: int) -> None:
    assert count(build_mpo(number)) == number
    assert count(build_apng(number)) == number
    assert count(build_apng(number, first_apart=True)) == number


@pytest.mark.parametrize("path", sorted(PHOTOS.glob("*.[jp][pn]g")), ids=lambda path: path.name)
def test_a_photo_is_one_picture(path: Path) -> None:
    assert count(path.read_bytes()) == 1


@pytest.mark.parametrize("content", [b"", b"no picture", make_picture_file(format="GIF").read()])
def test_anything_else_is_one_picture(content: bytes) -> None:
    assert count(content) == 1


@pytest.mark.parametrize("kind", [0x01_0001, 0x01_0002])
def test_a_small_copy_for_the_camera_is_no_further_picture(kind: int) -> None:
    assert count(mark_second(build_mpo(2), kind)) == 1
    assert count(mark_second(build_mpo(2), 0x02_0003)) == 2


def test_a_gain_map_is_no_further_picture() -> None:
    content = build_mpo(2)
    second = content.rindex(b"\xff\xd8\xff") + 2
    segment = b"\xff\xe1" + struct.pack(">H", len(GAIN_MAP) + 2) + GAIN_MAP
    assert count(content[:second] + segment + content[second:]) == 1


def test_an_index_that_points_to_nothing_counts_nothing() -> None:
    """Programs write the first picture anew and leave the index as it was."""
    content = build_mpo(3)
    assert count(content[: content.index(b"\xff\xd9") + 2]) == 1


@pytest.mark.parametrize("content", [build_mpo(), build_apng()], ids=["MPO", "APNG"])
@given(position=st.integers(0, 400), value=st.binary(min_size=1, max_size=8))
def test_a_damaged_file_is_counted_somehow(content: bytes, position: int, value: bytes) -> None:
    damaged = bytearray(content)
    damaged[position : position + len(value)] = value
    assert 1 <= count(bytes(damaged)) <= 20
