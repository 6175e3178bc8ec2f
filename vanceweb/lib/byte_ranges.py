"""The part of a file that a Range header asks for (RFC 9110, section 14)."""

import re
from dataclasses import dataclass

# Far more digits than any file has bytes, and fewer than Python refuses to read as a number.
SPAN = re.compile(r"([0-9]{0,1000})-([0-9]{0,1000})")


class RangeNotSatisfiable(Exception):
    """The range begins behind the end of the file."""


@dataclass(frozen=True)
class ByteRange:
    """The bytes from number `first` to number `last`, both included; the first byte of a file is number 0."""

    first: int
    last: int

    @property
    def count(self) -> int:
        """The number of bytes."""
        return self.last - self.first + 1


def parse_range(header: str, size: int) -> ByteRange | None:
    """Return the range of a file of `size` bytes, or None if the whole file is to be sent.

    That is so without the header, and if it is invalid, in another unit or names several ranges. Raise
    RangeNotSatisfiable.
    """
    unit, _sign, spans = header.partition("=")
    wanted = [span for span in map(str.strip, spans.split(",")) if span]
    if unit.strip().lower() != "bytes" or len(wanted) != 1:
        return None
    match = SPAN.fullmatch(wanted[0])
    if match is None or not any(match.groups()):
        return None
    start, end = match.groups()
    if not start:
        # The last bytes of the file; all of them if it has fewer.
        first, last = max(0, size - int(end)), size - 1
    else:
        first, last = int(start), min(int(end), size - 1) if end else size - 1
        if end and int(end) < first:
            return None
    if first >= size:
        raise RangeNotSatisfiable
    return ByteRange(first, last)
