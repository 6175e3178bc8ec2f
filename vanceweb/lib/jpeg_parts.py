"""The segments before the pixels of a JPG, and those that a strict reader stumbles over.

The picture is whole without them: they hold metadata only.
"""

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO, NamedTuple

# The longest side of a JPG in px that libjpeg reads and writes (JPEG_MAX_DIMENSION).
MAX_SIDE = 65_500
# Segments of a JPG: a colour profile has up to 255, and editors add some tens.
MAX_SEGMENTS = 4096
# A marker with a segment. 0x00 is an escaped byte of pixels; 0x01 and 0xD0 to 0xD7 have no segment.
MARKER = re.compile(rb"\xff[\x02-\xcf\xd8-\xfe]")
START, END, SCAN = 0xD8, 0xD9, 0xDA
FIRST_BLOCK, LARGEST_BLOCK = 4096, 1024 * 1024
# The least length of metadata that begin with these bytes, by marker: JFIF 1.02 without a thumbnail, the number and the
# count of a profile's part (ICC.1, B.4), and Adobe's flags (Adobe technical note 5116).
LEAST_LENGTHS: Mapping[int, Mapping[bytes, int]] = {
    0xE0: {b"JFIF": 12},
    0xE2: {b"ICC_PROFILE\0": 14},
    0xEE: {b"Adobe": 12},
}


class Segment(NamedTuple):
    """A segment's marker, and the offset and the length of its data in bytes. SCAN has pixels behind it."""

    marker: int
    start: int
    length: int

    @property
    def span(self) -> range:
        """The offsets of the marker and the whole segment in the file."""
        return range(self.start - 4, self.start + self.length)


def find_marker(file: BinaryIO, position: int) -> tuple[int, int] | None:
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


def iterate_header(file: BinaryIO) -> Iterator[Segment]:
    """Yield the segments before the pixels, at most MAX_SEGMENTS. Seek anew for each."""
    position = 2
    for _number in range(MAX_SEGMENTS):
        found = find_marker(file, position)
        if found is None or found[1] in (START, END, SCAN):
            return
        start, marker = found
        file.seek(start + 2)
        length = int.from_bytes(file.read(2), "big")
        yield Segment(marker, start + 4, max(length - 2, 0))
        position = start + 2 + length


def find_unsound_segments(file: BinaryIO) -> list[Segment]:
    """Return the segments of metadata before the pixels that are too short for what they begin with."""
    return [segment for segment in iterate_header(file) if not _has_right_form(file, segment)]


def _has_right_form(file: BinaryIO, segment: Segment) -> bool:
    for beginning, least in LEAST_LENGTHS.get(segment.marker, {}).items():
        file.seek(segment.start)
        if file.read(min(segment.length, least)).startswith(beginning) and segment.length < least:
            return False
    return True
