"""Colour profiles for pictures whose container states their primaries by number only (ITU-T H.273).

A JPG has no place for these numbers, and without a profile its colours would be taken for those of sRGB.
"""

import struct
from dataclasses import dataclass
from typing import BinaryIO

# The numbers stand in the header of the container: behind this mark, and in its first bytes.
MARK = b"colrnclx"
HEADER_BYTES = 64 * 1024
# Curves of pictures brighter than a screen's white: PQ and HLG.
HDR_TRANSFERS = frozenset({16, 18})
# The XYZ values of red, green and blue, adapted to D50 (Bradford), by the number of the primaries and with their name.
PRIMARIES: dict[int, tuple[str, tuple[tuple[float, float, float], ...]]] = {
    9: ("Rec. 2020", ((0.67346, 0.27904, -0.00194), (0.16566, 0.67535, 0.02998), (0.12505, 0.04561, 0.79686))),
    12: ("Display P3", ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))),
}
WHITE = (0.9642, 1.0, 0.8249)
# The curve of sRGB (IEC 61966-2-1): gamma, a, b, c and d of ICC.1's parametric curve of type 3.
CURVE_TYPE, CURVE = 3, (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
HEADER_LENGTH, TAG_LENGTH = 128, 12


@dataclass(frozen=True)
class StatedColours:
    """Numbers of the primaries and of the transfer curve."""

    primaries: int
    transfer: int

    @property
    def is_hdr(self) -> bool:
        return self.transfer in HDR_TRANSFERS


def read_stated_colours(file: BinaryIO) -> StatedColours | None:
    """Return the numbers that a HEIC or AVIF states, or None."""
    file.seek(0)
    header = file.read(HEADER_BYTES)
    place = header.find(MARK) + len(MARK)
    if place < len(MARK) or len(header) < place + 4:
        return None
    return StatedColours(*struct.unpack_from(">HH", header, place))


def build_profile(colours: StatedColours) -> bytes:
    """Return an ICC profile (version 4) of the primaries with the curve of sRGB; empty for those of sRGB itself."""
    if colours.primaries not in PRIMARIES:
        return b""
    name, columns = PRIMARIES[colours.primaries]
    curve = b"para" + bytes(4) + struct.pack(">HH", CURVE_TYPE, 0) + _encode_numbers(*CURVE)
    tags = {b"desc": _encode_text(name), b"cprt": _encode_text("No copyright"), b"wtpt": _encode_xyz(WHITE)}
    tags |= {tag: _encode_xyz(column) for tag, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return _encode_profile(tags)


def _encode_profile(tags: dict[bytes, bytes]) -> bytes:
    table, contents = struct.pack(">I", len(tags)), b""
    start = HEADER_LENGTH + len(table) + TAG_LENGTH * len(tags)
    for tag, content in tags.items():
        table += struct.pack(">4sII", tag, start + len(contents), len(content))
        contents += content + bytes(-len(content) % 4)
    size = start + len(contents)
    header = struct.pack(">I4sI4s4s4s", size, b"", 0x04400000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H4s", 2024, 1, 1, 0, 0, 0, b"acsp")
    header = header.ljust(68, b"\0") + _encode_numbers(*WHITE)
    return header.ljust(HEADER_LENGTH, b"\0") + table + contents


def _encode_text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return b"mluc" + struct.pack(">4xII2s2sII", 1, 12, b"en", b"US", len(encoded), 28) + encoded


def _encode_xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ " + bytes(4) + _encode_numbers(*values)


def _encode_numbers(*values: float) -> bytes:
    """Return the values as signed numbers with 16 bits behind the point."""
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))
