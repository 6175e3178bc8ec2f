"""The chunks of a PNG, and those that a strict reader stumbles over though the picture is whole without them.

Names and lengths are those of the PNG specification, third edition, chapter 11.
"""

import zlib
from collections.abc import Collection, Iterator, Mapping
from typing import BinaryIO, NamedTuple

SIGNATURE_LENGTH = 8
# Bytes of a chunk besides its data: its length, its name and its checksum.
FRAME_BYTES = 12
# Chunks of a PNG: encoders cut the pixels into chunks of 8 KB or more, or into one for each row of a small picture.
MAX_CHUNKS = 10_000
BYTES_PER_CHUNK = 4096
# Bytes read at once for a checksum.
BLOCK_BYTES = 1024 * 1024
# Bit 5 of a name's first byte, small letters: readers may skip the chunk.
ANCILLARY_BIT = 0x20
# They count one another, so one of them is of no use without the rest.
ANIMATION_CHUNKS = frozenset({b"acTL", b"fcTL", b"fdAT"})
# Chunks whose data begin with a name, a null byte and the method of compression, of which there is one: deflate.
WITH_METHOD = frozenset({b"iCCP", b"zTXt"})
ONLY_METHOD = b"\0"
# Lengths of data, bytes. Texts can have any, and so can chunks that aren't named here.
LENGTHS: Mapping[bytes, int] = {b"cHRM": 32, b"gAMA": 4, b"sRGB": 1, b"pHYs": 9, b"acTL": 8, b"fcTL": 26}
# Those of tRNS by the colour type in IHDR: a grey, a colour, or an alpha for each colour of a palette.
TRANSPARENCY_LENGTHS: Mapping[bytes, Collection[int]] = {b"\0": (2,), b"\2": (6,), b"\3": range(1, 257)}
COLOUR_TYPE_OFFSET = 25


class TooManyChunks(Exception):
    """The file has more chunks than a PNG of its size needs."""


class Chunk(NamedTuple):
    """A chunk's name, and the offset and the length of its data in bytes, as the file gives them."""

    name: bytes
    start: int
    length: int

    @property
    def is_ancillary(self) -> bool:
        return bool(self.name[0] & ANCILLARY_BIT)

    @property
    def span(self) -> range:
        """The offsets of the whole chunk in the file."""
        return range(self.start - 8, self.start + self.length + 4)


def iterate_chunks(file: BinaryIO, filesize: int) -> Iterator[Chunk]:
    """Yield the chunks in their order, up to IEND or the end of the file. Raise TooManyChunks."""
    position, most = SIGNATURE_LENGTH, MAX_CHUNKS + filesize // BYTES_PER_CHUNK
    while True:
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            return
        most -= 1
        if most < 0:
            raise TooManyChunks
        chunk = Chunk(head[4:], position + 8, int.from_bytes(head[:4], "big"))
        yield chunk
        if chunk.name == b"IEND":
            return
        position += chunk.length + FRAME_BYTES


def find_unsound_chunks(file: BinaryIO, filesize: int) -> list[Chunk]:
    """Return the ancillary chunks that are damaged: cut off, with a wrong checksum or content that can't be.

    If one of an animation is, return all of the animation's. Raise TooManyChunks.
    """
    chunks = [chunk for chunk in iterate_chunks(file, filesize) if chunk.is_ancillary]
    unsound = [chunk for chunk in chunks if not (has_right_checksum(file, chunk) and _has_right_form(file, chunk))]
    if not any(chunk.name in ANIMATION_CHUNKS for chunk in unsound):
        return unsound
    return [chunk for chunk in chunks if chunk.name in ANIMATION_CHUNKS or chunk in unsound]


def has_damaged_essentials(file: BinaryIO, filesize: int) -> bool:
    """Return whether a critical chunk, without which there is no picture, has a wrong checksum or is cut off.

    The end isn't looked at: it holds nothing. Read the whole file, a gigabyte in a second. Raise TooManyChunks.
    """
    chunks = iterate_chunks(file, filesize)
    essentials = (chunk for chunk in chunks if not chunk.is_ancillary and chunk.name != b"IEND")
    return any(not has_right_checksum(file, chunk) for chunk in essentials)


def has_right_checksum(file: BinaryIO, chunk: Chunk) -> bool:
    """Return whether the checksum of the chunk's name and data is the one behind them."""
    checksum, left = zlib.crc32(chunk.name), chunk.length
    file.seek(chunk.start)
    while left:
        block = file.read(min(left, BLOCK_BYTES))
        if not block:
            return False
        checksum = zlib.crc32(block, checksum)
        left -= len(block)
    return file.read(4) == checksum.to_bytes(4, "big")


def _has_right_form(file: BinaryIO, chunk: Chunk) -> bool:
    if chunk.name == b"tRNS":
        file.seek(COLOUR_TYPE_OFFSET)
        return chunk.length in TRANSPARENCY_LENGTHS.get(file.read(1), ())
    if chunk.name in WITH_METHOD:
        file.seek(chunk.start)
        return file.read(chunk.length).partition(b"\0")[2][:1] == ONLY_METHOD
    return chunk.length == LENGTHS.get(chunk.name, chunk.length)
