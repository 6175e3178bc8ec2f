"""The number of pictures in a file: the frames of an animated PNG, or the JPGs that an MPO's index names."""

import io
import struct
from typing import BinaryIO

from vanceweb.lib.jpeg_parts import iterate_header
from vanceweb.lib.picture_formats import SIGNATURE_BYTES, detect_format
from vanceweb.lib.png_parts import TooManyChunks, iterate_chunks

# The index of an MPO (CIPA DC-007, 5.2): a TIFF directory in an APP2 segment, with an entry of 16 bytes per picture.
INDEX_MARKER, INDEX_NAME = 0xE2, b"MPF\0"
INDEX_BYTES = 64 * 1024
ENTRIES_TAG, ENTRY_BYTES, FIELD_BYTES = 0xB002, 16, 12
TYPE_MASK = 0x00FF_FFFF
# Small copies of the first picture for the camera's screen and for a television.
COPIES = frozenset({0x01_0001, 0x01_0002})
# Pictures that tell how to show the first one, by what stands in their header: gain maps (Ultra HDR, ISO 21496-1) and
# the maps of phones.
MAP_MARKS = (b"ns.adobe.com/hdr-gain-map", b"urn:iso:std:iso:ts:21496", b"urn:com:apple:photo:2020:aux:")
HEADER_BYTES = 8 * 1024
JPEG_START = b"\xff\xd8\xff"


def count_pictures(file: BinaryIO) -> int:
    """Return the number of pictures that a person would count in a JPG or PNG, 1 in any other file.

    Small copies of the picture and maps of its brightness don't count. Leave `file` at its start.
    """
    filesize = file.seek(0, io.SEEK_END)
    file.seek(0)
    format = detect_format(file.read(SIGNATURE_BYTES))
    count = 1
    if format == "JPEG":
        count = 1 + _count_further_jpegs(file)
    elif format == "PNG":
        count = _count_frames(file, filesize)
    file.seek(0)
    return count


def _count_frames(file: BinaryIO, filesize: int) -> int:
    frames, is_animated, has_pixels, first_apart = 0, False, False, False
    try:
        for chunk in iterate_chunks(file, filesize):
            is_animated = is_animated or chunk.name == b"acTL"
            if chunk.name == b"IDAT" and not has_pixels:
                # Without a frame's header before it, the picture for other readers isn't part of the animation.
                has_pixels, first_apart = True, frames == 0
            frames += chunk.name == b"fcTL"
    except TooManyChunks:
        return 1
    return max(1, frames + first_apart) if is_animated else 1


def _count_further_jpegs(file: BinaryIO) -> int:
    """Return the number of pictures behind the first one, by the index of an MPO; none if it is out of date.

    Programs that write the first picture anew cut the others off and leave the index. It is believed if its second
    entry points to a JPG: some write wrong offsets for later ones.
    """
    entries = _read_index(file)
    if len(entries) < 2 or not _read_header(file, entries[1][1]).startswith(JPEG_START):
        return 0
    return sum(1 for kind, offset in entries[1:] if kind not in COPIES and not _is_map(_read_header(file, offset)))


def _read_index(file: BinaryIO) -> list[tuple[int, int]]:
    """Return the type and the offset in the file of each picture in the index of an MPO."""
    for segment in iterate_header(file):
        if segment.marker != INDEX_MARKER:
            continue
        file.seek(segment.start)
        data = file.read(min(segment.length, INDEX_BYTES))
        if data.startswith(INDEX_NAME):
            # Offsets count from the directory's own start.
            directory = segment.start + len(INDEX_NAME)
            entries = _read_entries(data[len(INDEX_NAME) :])
            return [(kind & TYPE_MASK, directory + offset) for kind, offset in entries]
    return []


def _read_entries(tiff: bytes) -> list[tuple[int, int]]:
    """Return type and offset of each picture in an index; none if the index is damaged."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return []
    try:
        start = struct.unpack_from(f"{order}I", tiff, 4)[0]
        fields = struct.unpack_from(f"{order}H", tiff, start)[0]
        for number in range(fields):
            tag, _type, size, offset = struct.unpack_from(f"{order}HHII", tiff, start + 2 + FIELD_BYTES * number)
            if tag == ENTRIES_TAG:
                entries = struct.iter_unpack(f"{order}IIIHH", tiff[offset : offset + size - size % ENTRY_BYTES])
                return [(kind, position) for kind, _size, position, _first, _second in entries]
    except struct.error:
        pass
    return []


def _read_header(file: BinaryIO, offset: int) -> bytes:
    file.seek(offset)
    return file.read(HEADER_BYTES)


def _is_map(header: bytes) -> bool:
    return any(mark in header for mark in MAP_MARKS)
