"""Limits on the structure of JPG and PNG files, enforced by walking over it without decoding anything.

Small files can hold pictures that take a decoder very long: hundreds of scans, millions of rows or parts. Each walk
reads a file at most twice and a bounded number of parts.
"""

import io
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from django.utils.translation import gettext as _

from vanceweb.lib.image_refusals import ImageTooLarge, NotAnImage, format_megabytes

# The longest side of an upload, px: libjpeg's own limit (JPEG_MAX_DIMENSION). Decoders take time for every row, so a
# picture that is one pixel wide and as high as the limit of pixels allows takes half a minute.
MAX_SIDE = 65_500
# Encoders write 1 to 10 scans, optimisers about 20. Every scan takes as long as the whole picture has pixels.
MAX_SCANS = 64
# Segments of a JPG: a colour profile has up to 255, and editors add some tens.
MAX_SEGMENTS = 4096
# Padding and other bytes between the segments of a JPG's header. Pillow reads them one by one.
MAX_JUNK_BYTES = 64 * 1024
# Parts of a PNG: encoders cut the pixels into parts of 8 KB or more, or into one for each row of a small picture.
MAX_CHUNKS = 10_000
BYTES_PER_CHUNK = 4096
# Texts and profiles of a PNG that are compressed, and the size of each unpacked (Pillow's MAX_TEXT_CHUNK).
MAX_PACKED_CHUNKS = 64
MAX_UNPACKED_BYTES = 1024 * 1024
# All metadata of a PNG, which Pillow keeps in memory: more than a whole upload.
MAX_METADATA_BYTES = 16 * 1024 * 1024

PIXEL_CHUNKS = frozenset({b"IDAT", b"fdAT"})
SINGLE_CHUNKS = frozenset({b"IHDR", b"PLTE", b"iCCP"})
# The orientation may stand in each of these, also behind the pixels.
ORIENTATION_CHUNKS = frozenset({b"eXIf", b"iTXt", b"tEXt", b"zTXt"})

# A marker with a segment. 0x00 is an escaped byte of pixels; 0x01 and 0xD0 to 0xD7 have no segment.
MARKER = re.compile(rb"\xff[\x02-\xcf\xd8-\xfe]")
START, END, SCAN = 0xD8, 0xD9, 0xDA
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
FIRST_BLOCK, LARGEST_BLOCK = 4096, 1024 * 1024


@dataclass
class HeaderOutline:
    """The parts of a file that are needed besides those before its pixels: PNG chunks, with length, name and CRC."""

    trailing_chunks: list[bytes] = field(default_factory=list)


def check_structure(file: BinaryIO, format: str, *, filesize: int, max_side: int) -> HeaderOutline:
    """Raise ImageTooLarge or NotAnImage if the file exceeds a limit. Leave damage to the decoder.

    `format` is JPEG or PNG, `filesize` is in bytes, `max_side` in px. Other formats have no limits here.
    """
    walk = WALKS.get(format)
    return walk(file, filesize, max_side) if walk else HeaderOutline()


def _walk_jpeg(file: BinaryIO, filesize: int, max_side: int) -> HeaderOutline:
    scans = segments = junk = 0
    position = 2
    while (found := _find_marker(file, position)) is not None:
        start, marker = found
        junk += 0 if scans else start - position
        segments += 1
        if segments > MAX_SEGMENTS or junk > MAX_JUNK_BYTES:
            raise NotAnImage(_("The file has too many parts for a JPG."))
        if marker in (START, END):
            break
        file.seek(start + 2)
        body = file.read(7)
        if len(body) < 2:
            break
        if marker == SCAN:
            scans += 1
        if scans > MAX_SCANS:
            raise ImageTooLarge(_("The JPG has more than %(limit)s scans.") % {"limit": MAX_SCANS})
        if marker in FRAMES and len(body) == 7:
            height, width = struct.unpack(">HH", body[3:])
            _check_sides(width, height, max_side)
        position = start + 2 + int.from_bytes(body[:2], "big")
    return HeaderOutline()


def _find_marker(file: BinaryIO, position: int) -> tuple[int, int] | None:
    """Return the offset and the code of the next marker that has a segment, or None at the end of the file."""
    size = FIRST_BLOCK
    while True:
        file.seek(position)
        block = file.read(size)
        match = MARKER.search(block)
        if match is not None:
            return position + match.start(), block[match.start() + 1]
        if len(block) < size:
            return None
        # A marker may lie across the end of the block.
        position += size - 1
        size = min(2 * size, LARGEST_BLOCK)


def _walk_png(file: BinaryIO, filesize: int, max_side: int) -> HeaderOutline:
    outline = HeaderOutline()
    seen: set[bytes] = set()
    packed = metadata = 0
    for name, start, length in _iterate_chunks(file, MAX_CHUNKS + filesize // BYTES_PER_CHUNK):
        if name in SINGLE_CHUNKS & seen:
            raise NotAnImage(_("The file has a part twice that a PNG has once."))
        if name in PIXEL_CHUNKS:
            seen.add(name)
            continue
        metadata += length
        if metadata > MAX_METADATA_BYTES:
            limit = {"limit": format_megabytes(MAX_METADATA_BYTES)}
            raise ImageTooLarge(_("The texts and profiles in the file have more than %(limit)s.") % limit)
        file.seek(start)
        if name == b"IHDR":
            _check_header(file.read(min(length, 8)), max_side)
        elif name in PACKED_DATA:
            content = PACKED_DATA[name](file.read(length))
            packed += content is not None
            _check_packed(content or b"", packed)
        if name in ORIENTATION_CHUNKS and b"IDAT" in seen:
            file.seek(start - 8)
            outline.trailing_chunks.append(file.read(length + 12))
        seen.add(name)
    return outline


def _iterate_chunks(file: BinaryIO, most: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the name of each chunk with the offset and the length of its data. Raise NotAnImage beyond `most`."""
    position, count = 8, 0
    while True:
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            return
        length, name = int.from_bytes(head[:4], "big"), head[4:]
        count += 1
        if count > most:
            raise NotAnImage(_("The file has too many parts for a PNG."))
        yield name, position + 8, length
        if name == b"IEND":
            return
        position += length + 12


def _check_header(data: bytes, max_side: int) -> None:
    if len(data) == 8:
        width, height = struct.unpack(">II", data)
        _check_sides(width, height, max_side)


def _check_sides(width: int, height: int, max_side: int) -> None:
    if max(width, height) > max_side:
        numbers = {"width": width, "height": height, "limit": max_side}
        raise ImageTooLarge(
            _("The picture has %(width)s x %(height)s px; the limit of each side is %(limit)s px.") % numbers
        )


def _check_packed(content: bytes, count: int) -> None:
    if count > MAX_PACKED_CHUNKS:
        most = {"limit": MAX_PACKED_CHUNKS}
        raise ImageTooLarge(_("The file has more than %(limit)s compressed texts and profiles.") % most)
    try:
        unpacked = zlib.decompressobj().decompress(content, MAX_UNPACKED_BYTES + 1)
    except zlib.error:
        return
    if len(unpacked) > MAX_UNPACKED_BYTES:
        limit = {"limit": format_megabytes(MAX_UNPACKED_BYTES)}
        raise ImageTooLarge(_("A text or profile in the file unpacks to more than %(limit)s.") % limit)


def _split_named(data: bytes) -> bytes | None:
    """Return the compressed part of a zTXt or iCCP chunk: a name, a null byte and the method come before it."""
    return data.partition(b"\0")[2][1:]


def _split_international(data: bytes) -> bytes | None:
    """Return the compressed part of an iTXt chunk, or None if the text isn't compressed."""
    rest = data.partition(b"\0")[2]
    if rest[:1] != b"\1":
        return None
    return rest[2:].partition(b"\0")[2].partition(b"\0")[2]


PACKED_DATA: dict[bytes, Callable[[bytes], bytes | None]] = {
    b"zTXt": _split_named,
    b"iCCP": _split_named,
    b"iTXt": _split_international,
}
WALKS: dict[str, Callable[[BinaryIO, int, int], HeaderOutline]] = {"JPEG": _walk_jpeg, "PNG": _walk_png}


def build_header_file(start: BinaryIO, outline: HeaderOutline) -> BinaryIO:
    """Return a PNG without pixels: the chunks before the pixels, then those behind them that may hold the orientation.

    Without chunks behind the pixels, return `start` itself, at its start.
    """
    start.seek(0)
    if not outline.trailing_chunks:
        return start
    header = [start.read(8)]
    for name, offset, length in _iterate_chunks(start, MAX_CHUNKS):
        if name in PIXEL_CHUNKS:
            break
        start.seek(offset - 8)
        header.append(start.read(length + 12))
    end = b"\0\0\0\0IDAT" + zlib.crc32(b"IDAT").to_bytes(4, "big")
    return io.BytesIO(b"".join([*header, *outline.trailing_chunks, end]))
