"""The samples of a PNG as the chunks before its pixels describe them: depth, transparent key and encoding of colours.

Pillow passes over most of these chunks. As in browsers, a chunk with a wrong checksum counts as absent,
and the first of several counts.
"""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, TRUECOLOUR, GREY_WITH_ALPHA, TRUECOLOUR_WITH_ALPHA = 0, 2, 4, 6  # colour types; the first two may have a key
# Names and the number of values of fixed size: PNG, third edition, 11.2.1 and 11.3.
LAYOUTS = {
    b"IHDR": ">II5B",
    b"cICP": ">4B",
    b"mDCV": ">8HII",
    b"cLLI": ">II",
    b"sRGB": ">B",
    b"gAMA": ">I",
    b"cHRM": ">8I",
}
KEY_LAYOUTS = {GREY: ">H", TRUECOLOUR: ">3H"}
END_OF_HEADER = frozenset({b"IDAT", b"IEND"})
# More than any encoder writes, and as many as checks of uploads accept.
MAX_CHUNKS = 10_000


@dataclass(frozen=True)
class PngOutline:
    """Bits of a sample, colour type, key (the colour of transparent px) and the values of colour chunks by name."""

    bit_depth: int = 8
    colour_type: int = TRUECOLOUR
    key: tuple[int, ...] | None = None
    chunks: Mapping[bytes, tuple[int, ...]] = field(default_factory=dict)

    @property
    def is_grey(self) -> bool:
        """The PNG has no colours. Pillow opens grey with alpha of 16 bits as RGBA."""
        return self.colour_type in (GREY, GREY_WITH_ALPHA)

    @property
    def has_deep_colours(self) -> bool:
        """It has colours of 16 bits, which Pillow reduces to 8 (but not grey without alpha)."""
        return self.bit_depth == 16 and self.colour_type in (TRUECOLOUR, TRUECOLOUR_WITH_ALPHA)


def read_png_outline(file: BinaryIO) -> PngOutline:
    """Read the outline of a PNG from its start. Anything else, and a PNG without a header, has the default one."""
    file.seek(0)
    found: dict[bytes, tuple[int, ...]] = {}
    if file.read(len(SIGNATURE)) != SIGNATURE:
        return PngOutline()
    for _ in range(MAX_CHUNKS):
        head = file.read(8)
        length, name = int.from_bytes(head[:4], "big"), head[4:]
        if len(head) < 8 or name in END_OF_HEADER:
            break
        layout = _get_layout(name, found)
        if layout is None or name in found or length != struct.calcsize(layout):
            file.seek(length + 4, 1)
            continue
        content, checksum = file.read(length), file.read(4)
        if zlib.crc32(name + content).to_bytes(4, "big") == checksum:
            found[name] = struct.unpack(layout, content)
    return _build_outline(found)


def _get_layout(name: bytes, found: Mapping[bytes, tuple[int, ...]]) -> str | None:
    """Return the layout of a chunk. That of a key depends on the header, which comes first."""
    if name == b"tRNS" and b"IHDR" in found:
        return KEY_LAYOUTS.get(found[b"IHDR"][3])
    return LAYOUTS.get(name)


def _build_outline(found: dict[bytes, tuple[int, ...]]) -> PngOutline:
    header, key = found.pop(b"IHDR", None), found.pop(b"tRNS", None)
    if header is None:
        return PngOutline()
    # Only the lower bits of a key count: PNG, third edition, 11.3.1.1.
    mask = (1 << header[2]) - 1
    return PngOutline(header[2], header[3], key and tuple(sample & mask for sample in key), found)
