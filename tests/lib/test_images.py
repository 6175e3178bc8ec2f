import contextlib
import io
import struct
import warnings
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.lib.peculiar_pictures import SIZE, build_mpo
from vanceweb.lib.decoding import check_pixels, render_thumbnails
from vanceweb.lib.images import ImageFacts, ImageRefused, ImageTooLarge, NotAnImage, inspect_image

LIMITS: dict[str, Any] = {"max_bytes": 1_000_000, "max_pixels": 1_000_000, "formats": ("JPEG", "PNG")}


def encode_image(format: str = "PNG", size: tuple[int, int] = (40, 30), mode: str = "RGB", **options: Any) -> bytes:
    file = io.BytesIO()
    Image.effect_noise(size, 60).convert(mode).save(file, format, **options)
    return file.getvalue()


def inspect(content: bytes, **changes: Any) -> ImageFacts:
    return inspect_image(io.BytesIO(content), **(LIMITS | changes))


@pytest.mark.parametrize(
    ("format", "mode"), [("PNG", "RGB"), ("PNG", "P"), ("PNG", "LA"), ("JPEG", "CMYK"), ("JPEG", "L")]
)
def test_the_facts_of_a_good_image(format: str, mode: str) -> None:
    content = encode_image(format, mode=mode)
    assert inspect(content) == ImageFacts(format, 40, 30, mode, 1, len(content))


@pytest.mark.parametrize("count", [2, 3])
def test_a_file_of_several_jpgs_is_a_jpg(count: int, decoder: None) -> None:
    content = build_mpo(count)
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == "MPO"
    assert inspect(content) == ImageFacts("JPEG", *SIZE, "RGB", 1, len(content))
    assert check_pixels(io.BytesIO(content), formats=("JPEG", "PNG"))["format"] == "JPEG"


def test_the_first_of_several_jpgs_is_shown(decoder: None) -> None:
    rendered = render_thumbnails(io.BytesIO(build_mpo()), sides={"tile": 36}, formats=("JPEG", "PNG"), quality=82)
    with Image.open(io.BytesIO(rendered["tile"])) as tile:
        red, _green, blue = tile.convert("RGB").resize((1, 1)).getpixel((0, 0))
    assert red > 150 > 60 > blue


def test_a_file_of_several_jpgs_is_refused_by_its_common_name_where_jpgs_are() -> None:
    with pytest.raises(NotAnImage, match="This is a JPG file; PNG are accepted"):
        inspect(build_mpo(), formats=("PNG",))


def test_a_rotated_photo_has_its_displayed_width_and_height() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    facts = inspect(encode_image("JPEG", exif=exif.tobytes()))
    assert (facts.width, facts.height, facts.orientation) == (30, 40, 6)


def test_the_file_is_left_at_its_start() -> None:
    file = io.BytesIO(encode_image())
    inspect_image(file, **LIMITS)
    assert file.tell() == 0


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"<html>not a picture</html>", "This is not an image; JPG and PNG are accepted."),
        (encode_image("GIF", mode="P"), "This is a GIF file; JPG and PNG are accepted."),
        (encode_image("PNG")[:20], "The image's header is damaged."),
    ],
)
def test_an_invalid_image_is_refused_with_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(NotAnImage) as caught:
        inspect(content)
    assert str(caught.value) == sentence


def test_too_many_bytes_are_refused_with_the_numbers() -> None:
    content = encode_image()
    with pytest.raises(ImageTooLarge, match=r"has .* MB; the limit is .* MB"):
        inspect(content, max_bytes=len(content) - 1)
    assert inspect(content, max_bytes=len(content)).filesize == len(content)


def build_png_header(width: int, height: int) -> bytes:
    """Return a PNG with a huge size in its header but no pixels: decoding it would need gigabytes."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunk = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))


@pytest.mark.parametrize("size", [(1001, 1000), (20_000, 20_000), (2**31 - 1, 2**31 - 1)])
def test_too_many_pixels_are_refused_before_they_are_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(ImageTooLarge):
        inspect(build_png_header(*size))


def test_exactly_the_limit_passes() -> None:
    assert inspect(encode_image(size=(100, 100)), max_pixels=10_000).width == 100


@given(cut=st.integers(0, 2000), position=st.integers(0, 2000), byte=st.integers(0, 255))
def test_a_damaged_file_is_refused_or_read_but_never_crashes(cut: int, position: int, byte: int) -> None:
    content = bytearray(PNG[: len(PNG) - cut] if cut < len(PNG) else b"")
    if position < len(content):
        content[position] = byte
    with contextlib.suppress(ImageRefused):
        inspect(bytes(content))


@given(position=st.integers(0, 700), value=st.binary(min_size=1, max_size=8))
def test_a_damaged_index_of_several_jpgs_never_crashes(position: int, value: bytes) -> None:
    content = bytearray(MPO)
    content[position : position + len(value)] = value
    with contextlib.suppress(ImageRefused), warnings.catch_warnings():
        # Pillow tells that it takes the file as a plain JPG.
        warnings.simplefilter("ignore")
        assert inspect(bytes(content)).width > 0


PNG = encode_image("PNG", mode="RGB")
MPO = build_mpo()
