"""The index of a JPG's further pictures (CIPA DC-007, multi-picture format), whose offsets count from itself."""

import struct

from vanceweb.engine.processing.image.jpeg_segments import (
    APP2,
    JPEG_START,
    PICTURE_INDEX_NAME,
    Segment,
    read_segments,
)

ENTRIES_TAG, FIELD_BYTES, ENTRY = 0xB002, 12, "IIIHH"  # an entry: attributes, size, offset and two dependent pictures
BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
FIRST = 0  # the offset of the first picture, which the index is in


class UnusableIndex(ValueError):
    """The index is damaged or missing, or names what is not in the file."""


def find_index(file: bytes) -> Segment | None:
    """Return the segment with the index, if there is one."""
    return next((segment for segment in read_segments(file) if segment.is_named(APP2, PICTURE_INDEX_NAME)), None)


def follow_pictures(before: bytes, end: int, after: bytes) -> bytes:
    """Return the first picture `after` with an index for the pictures behind it; in `before` it ended at `end`.

    Raise UnusableIndex; also if there are pictures without an index: a camera's own notes may tell where they are.
    """
    old, new = find_index(before), find_index(after)
    if old is None and JPEG_START in before[end:]:
        raise UnusableIndex
    if old is None or new is None:
        return after
    entries = _find_entries(old.body)
    if new.body != old.body:
        raise UnusableIndex
    body, order = bytearray(new.body), BYTE_ORDERS[old.body[4:8]]
    shift = len(after) - end
    for place in entries:
        attributes, size, offset, *dependent = struct.unpack_from(order + ENTRY, body, place)
        if offset == FIRST:
            size += shift
        else:
            position = _get_base(old) + offset
            if not end <= position <= len(before) - size:
                raise UnusableIndex
            offset = position + shift - _get_base(new)
        if min(size, offset) < 0:
            raise UnusableIndex
        struct.pack_into(order + ENTRY, body, place, attributes, size, offset, *dependent)
    return after[: new.offset + 4] + bytes(body) + after[new.end :]


def _get_base(segment: Segment) -> int:
    """Return where offsets count from: the byte order behind the segment's name."""
    return segment.offset + 4 + len(PICTURE_INDEX_NAME)


def _find_entries(body: bytes) -> list[int]:
    """Return where the entries are in the segment's content. Raise UnusableIndex."""
    order, start = BYTE_ORDERS.get(body[4:8]), len(PICTURE_INDEX_NAME)
    if order is None:
        raise UnusableIndex
    try:
        directory = start + struct.unpack_from(order + "I", body, start + 4)[0]
        for number in range(struct.unpack_from(order + "H", body, directory)[0]):
            field = directory + 2 + FIELD_BYTES * number
            tag, _type, size, offset = struct.unpack_from(order + "HHII", body, field)
            if tag == ENTRIES_TAG:
                step = struct.calcsize(order + ENTRY)
                if start + offset + size > len(body):
                    raise UnusableIndex
                return list(range(start + offset, start + offset + size - step + 1, step))
    except struct.error as error:
        raise UnusableIndex from error
    return []
