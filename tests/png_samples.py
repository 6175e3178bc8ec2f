"""PNGs with exact samples and chunks, which Pillow doesn't write, and what Chromium 156 shows of their colours."""

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.lib.hostile_pictures import build_chunk
from vanceweb.lib.colour_encodings import SRGB, ColourEncoding, build_power
from vanceweb.lib.colour_profiles import build_profile

Array = npt.NDArray[Any]

COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # by the number of channels
# The first px and the distance of px of Adam7's passes: PNG, third edition, 8.1.
PASSES = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))

SHOWN_COLOURS = ((51, 51, 51), (170, 170, 170), (200, 60, 40), (50, 70, 190))


def build_png(samples: Array, *chunks: bytes, depth: int = 8, interlaced: bool = False) -> bytes:
    """Return a PNG of these samples (height x width x 1 to 4 channels) with chunks between header and pixels."""
    height, width, channels = samples.shape
    header = struct.pack(">IIBBBBB", width, height, depth, COLOUR_TYPES[channels], 0, 0, interlaced)
    parts = _split_into_passes(samples) if interlaced else [samples]
    rows = b"".join(b"\0" + _pack_row(row, depth) for part in parts if part.size for row in part)
    pixels = build_chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + b"".join((build_chunk(b"IHDR", header), *chunks, pixels, build_chunk(b"IEND", b"")))


def _split_into_passes(samples: Array) -> Iterator[Array]:
    for top, left, down, across in PASSES:
        yield samples[top::down, left::across]


def _pack_row(row: Array, depth: int) -> bytes:
    if depth == 16:
        return row.astype(">u2").tobytes()
    bits = np.unpackbits(row.astype(np.uint8).reshape(-1, 1), axis=1)[:, 8 - depth :]
    return np.packbits(bits).tobytes()


def build_gamma(gamma: float) -> bytes:
    return build_chunk(b"gAMA", struct.pack(">I", round(gamma * 100_000)))


def build_primaries(*points: float) -> bytes:
    """Return cHRM: x and y of white, red, green and blue."""
    return build_chunk(b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in points)))


def build_code_points(primaries: int, transfer: int, matrix: int = 0, full_range: int = 1) -> bytes:
    return build_chunk(b"cICP", bytes((primaries, transfer, matrix, full_range)))


def build_profile_chunk(profile: bytes) -> bytes:
    return build_chunk(b"iCCP", b"any\0\0" + zlib.compress(profile))


def build_grey_profile(gamma: float) -> bytes:
    """Return a profile for grey, from one for colours: its first column of a matrix is not needed."""
    profile = build_profile(ColourEncoding(SRGB, build_power(gamma)))
    profile = profile[:16] + b"GRAY" + profile[20:]
    return profile.replace(b"rTRC", b"kTRC", 1)


SRGB_CHUNK = build_chunk(b"sRGB", b"\0")
LINEAR_PROFILE = build_profile_chunk(build_profile(ColourEncoding(SRGB, build_power(1))))
ADOBE = build_primaries(0.3127, 0.329, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
WIDE = build_primaries(0.3457, 0.3585, 0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001)
UNCHANGED = SHOWN_COLOURS
LINEAR = ((124, 124, 124), (213, 213, 213), (229, 133, 110), (122, 143, 224))
P3 = ((51, 51, 51), (170, 170, 170), (217, 42, 23), (44, 71, 197))

# By name, the chunks and how Chromium shows SHOWN_COLOURS with them.
COLOUR_CASES = {
    "none": ((), UNCHANGED),
    "gAMA 1": ((build_gamma(1),), LINEAR),
    "gAMA 0.3": ((build_gamma(0.3),), ((15, 15, 15), (139, 139, 139), (178, 22, 7), (14, 31, 165))),
    "gAMA 0.5": ((build_gamma(0.5),), ((56, 56, 56), (178, 178, 178), (206, 67, 43), (55, 78, 197))),
    "gAMA of sRGB": ((build_gamma(0.45455),), UNCHANGED),
    "gAMA 0": ((build_gamma(0),), UNCHANGED),
    "gAMA twice": ((build_gamma(1), build_gamma(0.3)), LINEAR),
    "gAMA and sRGB": ((SRGB_CHUNK, build_gamma(1)), UNCHANGED),
    "cHRM alone": ((ADOBE,), UNCHANGED),
    "gAMA and cHRM": ((build_gamma(0.45455), ADOBE), ((48,) * 3, (171,) * 3, (231, 57, 34), (34, 68, 195))),
    "another white": ((build_gamma(1), WIDE), ((124,) * 3, (213,) * 3, (255, 93, 104), (0, 147, 234))),
    "impossible cHRM": ((build_gamma(1), build_primaries(*[0] * 8)), UNCHANGED),
    "iCCP and gAMA": ((LINEAR_PROFILE, build_gamma(0.3)), LINEAR),
    "broken iCCP and gAMA": ((build_profile_chunk(b"nonsense" * 30), build_gamma(1)), LINEAR),
    "iCCP for grey": ((build_profile_chunk(build_grey_profile(1)), build_gamma(0.3)), UNCHANGED),
    "cICP of sRGB": ((build_code_points(1, 13), build_gamma(1)), UNCHANGED),
    "cICP P3": ((build_code_points(12, 13),), P3),
    "cICP and iCCP": ((build_code_points(12, 13), LINEAR_PROFILE), P3),
    "cICP linear": ((build_code_points(1, 8), build_gamma(0.3)), LINEAR),
    "cICP BT.709": ((build_code_points(1, 1),), ((40,) * 3, (165,) * 3, (197, 49, 28), (39, 60, 186))),
    "cICP BT.2020": ((build_code_points(9, 14),), ((40,) * 3, (165,) * 3, (244, 0, 0), (0, 59, 195))),
    "cICP gamma 2.8": ((build_code_points(1, 5),), ((27,) * 3, (154,) * 3, (189, 36, 17), (26, 46, 177))),
    "cICP DCI": ((build_code_points(11, 17),), ((35,) * 3, (166,) * 3, (213, 8, 0), (27, 54, 196))),
    "cICP SMPTE 240": ((build_code_points(7, 7),), ((69,) * 3, (179,) * 3, (201, 82, 57), (72, 90, 198))),
    "cICP XYZ": ((build_code_points(10, 8),), ((124,) * 3, (213,) * 3, (255, 0, 118), (0, 164, 233))),
    "cICP PQ": ((build_code_points(9, 16),), ((18,) * 3, (229,) * 3, (255, 0, 0), (0, 0, 255))),
    "cICP HLG": ((build_code_points(9, 18),), ((31,) * 3, (150,) * 3, (230, 0, 8), (0, 49, 162))),
    "unknown cICP and gAMA": ((build_code_points(2, 2), build_gamma(1)), LINEAR),
    "cICP of half the range": ((build_code_points(1, 8, full_range=0),), UNCHANGED),
}
HDR_CASES = frozenset({"cICP PQ", "cICP HLG"})
