"""File formats by their first bytes, for refusals that name the format, and Pillow's names for them."""

from typing import Literal

from vanceweb.lib.foreign_formats import START_BYTES, detect_foreign_format

# The offset and the bytes by which a format is known, and Pillow's name for it.
SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"8BPS", "PSD"),
    (0, b"%PDF", "PDF"),
    (0, b"BM", "BMP"),
    # Damaged starts, so that the refusal says so: a JPG with junk behind its first marker, and a PNG that was sent as
    # text: with other ends of lines, with 7 bits, or as UTF-8.
    (0, b"\xff\xd8", "JPEG"),
    (0, b"\x89PNG", "PNG"),
    (0, b"\x09PNG", "PNG"),
    (0, b"\xc2\x89PNG", "PNG"),
    (0, b"\xef\xbf\xbdPNG", "PNG"),
)
# Pillow's names for files of several pictures, and the format of the first one, which is the one that is worked on: an
# MPO is a JPG with an index and further JPGs behind it (CIPA DC-007), as stereo cameras and most phones write it.
MULTI_PICTURE_FORMATS: dict[str, str] = {"MPO": "JPEG"}
# The API's names of the formats in which uploads are stored.
API_NAMES: dict[str, Literal["jpg", "png"]] = {"JPEG": "jpg", "PNG": "png"}
# Names for people, where they differ from Pillow's.
TITLES: dict[str, str] = {"JPEG": "JPG"}
# Bytes from the start of a file that contain every signature.
SIGNATURE_BYTES = max(START_BYTES, *(offset + len(magic) for offset, magic, _name in SIGNATURES))


def detect_format(start: bytes) -> str | None:
    """Return the name of the format of a file that begins with `start` (SIGNATURE_BYTES), or None."""
    names = (name for offset, magic, name in SIGNATURES if start[offset : offset + len(magic)] == magic)
    foreign = detect_foreign_format(start)
    return foreign.title.upper() if foreign else next(names, None)


def to_single_format(name: str | None) -> str | None:
    """Return the format of the first picture of a file that Pillow opened, given Pillow's name: MPO becomes JPEG."""
    return MULTI_PICTURE_FORMATS.get(name, name) if name else None


def to_title(name: str) -> str:
    """Return a format's name for people, given Pillow's: JPEG becomes JPG."""
    return TITLES.get(name, name)
