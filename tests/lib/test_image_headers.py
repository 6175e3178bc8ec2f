"""Limits on the structure of JPG and PNG files, which hold before anything is decoded."""

import io
import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.lib.hostile_pictures import build_chunk, build_jpeg_of_many_scans, build_png, deflate_zeros, encode
from vanceweb.lib.image_headers import (
    MAX_JUNK_BYTES,
    MAX_PACKED_CHUNKS,
    MAX_SCANS,
    MAX_UNPACKED_BYTES,
)
from vanceweb.lib.images import ImageFacts, ImageRefused, ImageTooLarge, NotAnImage, inspect_image
from vanceweb.lib.jpeg_parts import MAX_SEGMENTS
from vanceweb.lib.png_parts import MAX_CHUNKS

PHOTOS = Path(__file__).parents[1] / "photos"
LIMITS: dict[str, Any] = {"max_bytes": 10 * 1024 * 1024, "max_pixels": 34_000_000, "formats": ("JPEG", "PNG")}


def inspect(content: bytes, **changes: Any) -> ImageFacts:
    return inspect_image(io.BytesIO(content), **(LIMITS | changes))


def pack_text(size: int) -> tuple[bytes, bytes]:
    return b"zTXt", b"a\0\0" + deflate_zeros(size)


def test_a_jpg_of_hundreds_of_scans_is_refused() -> None:
    content = build_jpeg_of_many_scans(400)
    assert len(content) < 250_000
    with pytest.raises(ImageTooLarge, match="more than 64 scans"):
        inspect(content)


def test_as_many_scans_as_the_limit_pass() -> None:
    written = build_jpeg_of_many_scans(0, (40, 30)).count(b"\xff\xda")
    assert inspect(build_jpeg_of_many_scans(MAX_SCANS - written, (40, 30))).width == 40
    with pytest.raises(ImageTooLarge):
        inspect(build_jpeg_of_many_scans(MAX_SCANS - written + 1, (40, 30)))


def test_a_picture_one_pixel_wide_and_millions_high_is_refused() -> None:
    with pytest.raises(ImageTooLarge, match="1 x 33999999 px; the limit of each side is 65500 px"):
        inspect(build_png(1, 33_999_999, rows=deflate_zeros(68_000_000)))


@pytest.mark.parametrize(("width", "height"), [(65_500, 1), (1, 65_500)])
def test_the_longest_side_passes_and_one_pixel_more_does_not(width: int, height: int) -> None:
    assert (inspect(build_png(width, height)).width, inspect(build_png(width, height)).height) == (width, height)
    with pytest.raises(ImageTooLarge):
        inspect(build_png(width, height), max_side=65_499)


def test_a_jpgs_sides_are_limited_too() -> None:
    content = bytearray(encode(Image.new("L", (40, 30)), "JPEG"))
    frame = content.index(b"\xff\xc0")
    content[frame + 5 : frame + 9] = struct.pack(">HH", 65_501, 3)
    with pytest.raises(ImageTooLarge, match="3 x 65501 px"):
        inspect(bytes(content))


@pytest.mark.parametrize("name", [b"zTXt", b"iCCP", b"iTXt"])
def test_metadata_that_unpack_to_megabytes_are_refused(name: bytes) -> None:
    start = b"a\0\1\0\0\0" if name == b"iTXt" else b"a\0\0"
    fits = build_png(4, 4, (name, start + deflate_zeros(MAX_UNPACKED_BYTES - 1)))
    assert inspect(fits).width == 4
    with pytest.raises(ImageTooLarge, match=r"unpacks to more than 1\.0 MB"):
        inspect(build_png(4, 4, (name, start + deflate_zeros(MAX_UNPACKED_BYTES + 1))))


def test_many_packed_texts_are_refused() -> None:
    assert inspect(build_png(4, 4, *[pack_text(10)] * MAX_PACKED_CHUNKS)).width == 4
    with pytest.raises(ImageTooLarge, match="compressed texts"):
        inspect(build_png(4, 4, *[pack_text(10)] * (MAX_PACKED_CHUNKS + 1)))


def test_a_plain_text_of_many_megabytes_passes() -> None:
    assert inspect(build_png(4, 4, (b"tEXt", b"a\0" + b"x" * 9_000_000))).width == 4


def test_metadata_larger_than_any_upload_are_refused() -> None:
    huge = [(b"tEXt", b"a\0" + b"x" * 9_000_000)] * 2
    with pytest.raises(ImageTooLarge, match=r"more than 16\.0 MB"):
        inspect(build_png(4, 4, *huge), max_bytes=100_000_000)


def test_tens_of_thousands_of_parts_are_refused() -> None:
    with pytest.raises(NotAnImage, match="too many parts for a PNG"):
        inspect(build_png(4, 4, *[(b"tEXt", b"a\0b")] * (MAX_CHUNKS + 100)))
    start, tables = b"\xff\xd8", b"\xff\xe5\0\2" * (MAX_SEGMENTS + 1)
    with pytest.raises(NotAnImage, match="too many parts for a JPG"):
        inspect(start + tables + encode(Image.new("L", (4, 4)), "JPEG")[2:])


def test_padding_in_a_jpgs_header_is_limited() -> None:
    picture = encode(Image.new("L", (4, 4)), "JPEG")
    assert inspect(picture[:2] + b"\xff" * 1000 + picture[2:]).width == 4
    with pytest.raises(NotAnImage, match="too many parts"):
        inspect(picture[:2] + b"\xff" * (MAX_JUNK_BYTES + 10) + picture[2:])


@pytest.mark.parametrize("name", [b"IHDR", b"iCCP"])
def test_a_second_header_or_profile_is_refused(name: bytes) -> None:
    data = struct.pack(">IIBBBBB", 60_000, 500, 8, 0, 0, 0, 0) if name == b"IHDR" else b"a\0\0" + zlib.compress(b"x")
    with pytest.raises(NotAnImage, match="twice"):
        inspect(build_png(4, 4, *[(name, data)] * 2))


@pytest.mark.parametrize(
    "chunk",
    [
        (b"eXIf", b"II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0"),
        (b"iTXt", b'XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation="6"/>'),
    ],
    ids=["EXIF", "XMP"],
)
@pytest.mark.parametrize("behind", [False, True])
def test_a_pngs_orientation_is_found_before_and_behind_the_pixels(chunk: tuple[bytes, bytes], behind: bool) -> None:
    content = build_png(40, 30, *[] if behind else [chunk])
    if behind:
        content = content[:-12] + build_chunk(*chunk) + content[-12:]
    facts = inspect(content)
    assert (facts.width, facts.height, facts.orientation) == (30, 40, 6)


@pytest.mark.parametrize("path", sorted(PHOTOS.glob("*.[jp][pn]g")), ids=lambda path: path.name)
def test_real_photos_pass(path: Path) -> None:
    with Image.open(path) as image:
        assert (inspect(path.read_bytes()).width, image.format) == (image.width, image.format)


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
@given(position=st.integers(0, 700), value=st.binary(min_size=1, max_size=4))
def test_a_changed_header_is_refused_or_read_but_never_crashes(format: str, position: int, value: bytes) -> None:
    content = bytearray(encode(Image.effect_noise((40, 30), 60).convert("RGB"), format))
    content[position : position + len(value)] = value
    with suppress(ImageRefused):
        assert inspect(bytes(content)).width > 0
