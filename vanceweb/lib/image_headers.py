"""Limits on the structure of JPG and PNG files, enforced by walking over it without decoding anything.

Small files can hold pictures that take a decoder very long: hundreds of scans, millions of rows or parts. Each walk
reads a file at most twice and a bounded number of parts.
"""

import io
import struct
import zlib
from collections.abc import Callable
from typing import BinaryIO

from django.utils.translation import gettext as _

from vanceweb.lib.image_refusals import ImageTooLarge, NotAnImage, format_megabytes
from vanceweb.lib.jpeg_parts import END, MAX_SEGMENTS, SCAN, START, find_marker
from vanceweb.lib.png_parts import SIGNATURE_LENGTH, TooManyChunks, iterate_chunks

# MAX_SIDE is the limit of PNG uploads too: decoders take time for every row, so a picture that is one pixel wide and as
# high as the limit of pixels allows takes half a minute.
# Encoders write 1 to 10 scans, optimisers about 20. Every scan takes as long as the whole picture has pixels.
MAX_SCANS = 64
# Padding and other bytes between the segments of a JPG's header. Pillow reads them one by one.
MAX_JUNK_BYTES = 64 * 1024
# Texts and profiles of a PNG that are compressed, and the size of each unpacked (Pillow's MAX_TEXT_CHUNK).
MAX_PACKED_CHUNKS = 64
MAX_UNPACKED_BYTES = 1024 * 1024
# All metadata of a PNG, which Pillow keeps in memory: more than a whole upload.
MAX_METADATA_BYTES = 16 * 1024 * 1024

PIXEL_CHUNKS = frozenset({b"IDAT", b"fdAT"})
SINGLE_CHUNKS = frozenset({b"IHDR", b"PLTE", b"iCCP"})
# The orientation may stand in each of these, also behind the pixels.
ORIENTATION_CHUNKS = frozenset({b"eXIf", b"iTXt", b"tEXt", b"zTXt"})

FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def check_structure(file: BinaryIO, format: str, *, filesize: int, max_side: int) -> None:
    """Raise ImageTooLarge or NotAnImage if the file exceeds a limit. Leave damage to the decoder.

    `format` is JPEG or PNG, `filesize` is in bytes, `max_side` in px. Other formats have no limits here.
    """
    walk = WALKS.get(format)
    if walk is not None:
        walk(file, filesize, max_side)


def _walk_jpeg(file: BinaryIO, filesize: int, max_side: int) -> None:
    scans = segments = junk = 0
    position = 2
    while (found := find_marker(file, position)) is not None:
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


def _walk_png(file: BinaryIO, filesize: int, max_side: int) -> None:
    try:
        _check_chunks(file, filesize, max_side)
    except TooManyChunks:
        raise NotAnImage(_("The file has too many parts for a PNG.")) from None


def _check_chunks(file: BinaryIO, filesize: int, max_side: int) -> None:
    seen: set[bytes] = set()
    packed = metadata = 0
    for chunk in iterate_chunks(file, filesize):
        if chunk.name in SINGLE_CHUNKS & seen:
            raise NotAnImage(_("The file has a part twice that a PNG has once."))
        seen.add(chunk.name)
        if chunk.name in PIXEL_CHUNKS:
            continue
        # A damaged length may point far behind the end.
        length = min(chunk.length, filesize - chunk.start)
        metadata += length
        if metadata > MAX_METADATA_BYTES:
            limit = {"limit": format_megabytes(MAX_METADATA_BYTES)}
            raise ImageTooLarge(_("The texts and profiles in the file have more than %(limit)s.") % limit)
        file.seek(chunk.start)
        if chunk.name == b"IHDR":
            _check_header(file.read(min(length, 8)), max_side)
        elif chunk.name in PACKED_DATA:
            content = PACKED_DATA[chunk.name](file.read(length))
            packed += content is not None
            _check_packed(content or b"", packed)


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
WALKS: dict[str, Callable[[BinaryIO, int, int], None]] = {"JPEG": _walk_jpeg, "PNG": _walk_png}


def build_header_file(file: BinaryIO, format: str, *, filesize: int) -> BinaryIO:
    """Return a PNG without pixels: the chunks before the pixels, then those behind them that may hold the orientation.

    Of another format, return `file` itself, at its start. The file has passed `check_structure`.
    """
    file.seek(0)
    if format != "PNG":
        return file
    header, is_behind = [file.read(SIGNATURE_LENGTH)], False
    for chunk in iterate_chunks(file, filesize):
        is_behind = is_behind or chunk.name in PIXEL_CHUNKS
        if not is_behind or chunk.name in ORIENTATION_CHUNKS:
            file.seek(chunk.span.start)
            header.append(file.read(min(len(chunk.span), filesize)))
    if is_behind:
        header.append(b"\0\0\0\0IDAT" + zlib.crc32(b"IDAT").to_bytes(4, "big"))
    return io.BytesIO(b"".join(header))
