"""The segments of a JPG file, and where its first picture ends."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# A marker with or without a segment. 0x00 is an escaped byte of pixels; 0x01 and 0xD0 to 0xD7 stand among pixels.
MARKER = re.compile(rb"\xff([\x02-\xcf\xd8-\xfe])")
JPEG_START = b"\xff\xd8\xff"
START, END, SCAN = 0xD8, 0xD9, 0xDA
APP1, APP2, APP11, APP13, COMMENT = 0xE1, 0xE2, 0xEB, 0xED, 0xFE
APPLICATION = range(0xE0, 0xF0)
MAX_BODY = 65_533  # bytes of a segment less its length

EXIF_NAME = b"Exif\0\0"
PROFILE_NAME = b"ICC_PROFILE\0"
PICTURE_INDEX_NAME = b"MPF\0"
GAIN_MAP_NAME = b"urn:iso:std:iso:ts:21496:-1\0"
XMP_NAME, XMP_EXTENSION_NAME = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
RESOURCES_NAME = b"Photoshop 3.0\0"


@dataclass(frozen=True)
class Segment:
    """A segment: its marker, where its 0xFF stands in the file, and its content without marker and length."""

    marker: int
    offset: int
    body: bytes

    @property
    def end(self) -> int:
        """The offset behind the segment."""
        return self.offset + 4 + len(self.body)

    def is_named(self, marker: int, name: bytes) -> bool:
        """Return whether it has this marker and its content begins with this name."""
        return self.marker == marker and self.body.startswith(name)


def read_segments(file: bytes) -> list[Segment]:
    """Return the segments before the pixels; of a damaged file, those that can be found."""
    found = []
    for segment in _iterate_segments(file):
        if segment.marker == SCAN:
            break
        found.append(segment)
    return found


def find_end(file: bytes) -> int:
    """Return the offset behind the first picture; the whole length if nothing follows or the file is cut off."""
    position = 2
    for segment in _iterate_segments(file):
        position = segment.end
    end = MARKER.search(file, position)
    return end.end() if end is not None and end[1][0] == END else len(file)


def _iterate_segments(file: bytes) -> Iterator[Segment]:
    """Yield the segments of the first picture up to its end, also those between its scans."""
    position = 2
    while (found := MARKER.search(file, position)) is not None and found[1][0] not in (START, END):
        start = found.start()
        length = int.from_bytes(file[start + 2 : start + 4])
        if length < 2 or start + 2 + length > len(file):
            return
        segment = Segment(found[1][0], start, file[start + 4 : start + 2 + length])
        yield segment
        position = segment.end


def build_segment(marker: int, body: bytes) -> bytes:
    """Build a segment of at most `MAX_BODY` bytes."""
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2) + body


def leave_out(file: bytes, segments: list[Segment]) -> bytes:
    """Return the file without these segments, which are in its order."""
    kept, position = bytearray(), 0
    for segment in segments:
        kept += file[position : segment.offset]
        position = segment.end
    return bytes(kept + file[position:])
