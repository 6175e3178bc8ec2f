"""Damaged metadata is no reason to refuse a picture; damage to what the picture needs is called damage."""

import io
import struct
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.lib.hostile_pictures import build_chunk, build_png, encode
from vanceweb.lib.decoding import check_pixels, render_thumbnails
from vanceweb.lib.images import ImageRefused, NotAnImage, inspect_image
from vanceweb.lib.picture_mending import open_mended

FORMATS = ("JPEG", "PNG")
PLAIN = build_png(40, 30)
PHOTO = encode(Image.effect_noise((40, 30), 60).convert("RGB"), "JPEG")
BEHIND_HEADER, END_LENGTH = 33, 12
METADATA = {
    b"tEXt": b"Comment\0made by hand",
    b"iTXt": b"Title\0\0\0\0\0Hafen",
    b"zTXt": b"a\0\0" + zlib.compress(b"x"),
    b"tIME": bytes(7),
    b"eXIf": b"II*\0\x08\0\0\0\0\0",
    b"pHYs": bytes(9),
    b"gAMA": struct.pack(">I", 45455),
    b"cHRM": bytes(32),
    b"sRGB": b"\0",
    b"cICP": b"\1\15\0\1",
    b"iCCP": b"a\0\0" + zlib.compress(b"x"),
    b"tRNS": b"\0\1",
    b"bKGD": b"\0\0",
    b"vpAg": b"an editor's own",
}
# Chunks whose content can't be: too short, or compressed in an unknown way.
MALFORMED = [
    *((name, content) for name in (b"pHYs", b"gAMA", b"cHRM", b"sRGB", b"tRNS", b"iCCP") for content in (b"", b"???")),
    *((name, content) for name in (b"acTL", b"fcTL") for content in (b"", b"?")),
    (b"zTXt", b"a\0\1x"),
    (b"iCCP", b"a\0\1x"),
]
SHORT_SEGMENTS = [(0xE0, b"JFIF\0\1"), (0xE2, b"ICC_PROFILE\0"), (0xEE, b"Adobe")]


def break_checksum(chunk: bytes) -> bytes:
    return chunk[:-1] + bytes([chunk[-1] ^ 1])


def insert(chunk: bytes, *, behind_pixels: bool = False) -> bytes:
    """Return the plain PNG with the chunk before or behind its pixels."""
    position = len(PLAIN) - END_LENGTH if behind_pixels else BEHIND_HEADER
    return PLAIN[:position] + chunk + PLAIN[position:]


def mend(content: bytes) -> bytes:
    return open_mended(io.BytesIO(content)).read()


def check(content: bytes) -> None:
    """Raise ImageRefused unless the picture is accepted, like an upload."""
    file = io.BytesIO(content)
    facts = inspect_image(file, max_bytes=10**7, max_pixels=10**7, formats=FORMATS)
    assert (facts.width, facts.height, facts.filesize) == (40, 30, len(content))
    check_pixels(file, formats=FORMATS)


@pytest.mark.parametrize("behind_pixels", [False, True], ids=["before", "behind"])
@pytest.mark.parametrize("name", list(METADATA), ids=bytes.decode)
def test_a_wrong_checksum_in_metadata_is_no_reason_to_refuse(name: bytes, behind_pixels: bool, decoder: None) -> None:
    content = insert(break_checksum(build_chunk(name, METADATA[name])), behind_pixels=behind_pixels)
    check(content)
    assert mend(content) == PLAIN


@pytest.mark.parametrize(("name", "data"), MALFORMED)
def test_metadata_that_cannot_be_are_no_reason_to_refuse(name: bytes, data: bytes, decoder: None) -> None:
    content = insert(build_chunk(name, data))
    check(content)
    assert mend(content) == PLAIN


@pytest.mark.parametrize(("marker", "data"), SHORT_SEGMENTS)
def test_too_short_metadata_of_a_jpg_are_no_reason_to_refuse(marker: int, data: bytes, decoder: None) -> None:
    content = PHOTO[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data + PHOTO[2:]
    check(content)
    assert mend(content) == PHOTO


@pytest.mark.parametrize(
    "content",
    [
        PLAIN + b"garbage" * 100,
        break_checksum(PLAIN),
        PLAIN[:-END_LENGTH],
        PLAIN[:-END_LENGTH] + build_chunk(b"tEXt", b"a\0cut off")[:-6],
        PHOTO + b"garbage" * 100,
    ],
    ids=["junk", "checksum of the end", "no end", "half a text", "junk behind a JPG"],
)
def test_what_is_behind_the_pixels_is_no_reason_to_refuse(content: bytes, decoder: None) -> None:
    check(content)


@pytest.mark.parametrize("name", [b"IHDR", b"PLTE", b"IDAT"], ids=bytes.decode)
def test_a_wrong_checksum_in_what_the_picture_needs_is_called_damage(name: bytes, decoder: None) -> None:
    content = bytearray(encode(Image.effect_noise((40, 30), 60).convert("P"), "PNG"))
    start = content.index(name)
    content[start + 4 + int.from_bytes(content[start - 4 : start], "big")] ^= 1
    with pytest.raises(NotAnImage, match="damaged"):
        check(bytes(content))


@pytest.mark.parametrize("content", [PLAIN[:-20], PHOTO[:-300], PHOTO[:-2]])
def test_a_picture_that_ends_early_is_called_damaged(content: bytes, decoder: None) -> None:
    with pytest.raises(NotAnImage, match="damaged"):
        check(content)


@pytest.mark.parametrize(
    "content",
    [PLAIN.replace(b"\r\n", b"\n", 1), b"\x09" + PLAIN[1:], b"\xef\xbf\xbd" + PLAIN[1:], b"\xff\xd8\0" + PHOTO[2:]],
)
def test_a_picture_that_was_sent_as_text_is_called_damaged(content: bytes, decoder: None) -> None:
    with pytest.raises(NotAnImage, match="damaged"):
        check(content)


def test_a_damaged_animation_leaves_its_first_picture(decoder: None) -> None:
    frames = [build_chunk(b"acTL", struct.pack(">II", 2, 0)), break_checksum(build_chunk(b"fcTL", bytes(26)))]
    content = insert(b"".join(frames))
    check(content)
    assert mend(content) == PLAIN


def test_a_sound_picture_is_left_as_it_is() -> None:
    for content in (insert(build_chunk(b"tEXt", METADATA[b"tEXt"])), PHOTO, b"", b"no picture"):
        file = io.BytesIO(content)
        assert open_mended(file) is file
        assert file.tell() == 0


def test_a_mended_picture_is_read_like_a_file() -> None:
    file = open_mended(io.BytesIO(insert(break_checksum(build_chunk(b"tEXt", b"a\0b")))))
    assert file.seek(-END_LENGTH, io.SEEK_END) == len(PLAIN) - END_LENGTH
    assert file.read() == PLAIN[-END_LENGTH:]
    assert file.seek(0) == 0
    assert file.read(BEHIND_HEADER + 4) == PLAIN[: BEHIND_HEADER + 4]
    assert file.read() == PLAIN[BEHIND_HEADER + 4 :]


def test_a_picture_with_damaged_metadata_gets_thumbnails(decoder: None) -> None:
    content = insert(break_checksum(build_chunk(b"tEXt", b"a\0b")))
    rendered = render_thumbnails(io.BytesIO(content), sides={"tile": 36}, formats=FORMATS, quality=82)
    with Image.open(io.BytesIO(rendered["tile"])) as tile:
        assert tile.size == (36, 27)


@given(position=st.integers(0, 400), value=st.binary(min_size=1, max_size=6), cut=st.integers(0, 300))
def test_any_damage_is_mended_or_refused(position: int, value: bytes, cut: int) -> None:
    content = bytearray(DAMAGEABLE[: len(DAMAGEABLE) - cut])
    content[position : position + len(value)] = value
    with suppress(ImageRefused):
        inspect_image(io.BytesIO(bytes(content)), max_bytes=10**7, max_pixels=10**7, formats=FORMATS)


DAMAGEABLE = insert(b"".join(build_chunk(name, data) for name, data in METADATA.items()))
