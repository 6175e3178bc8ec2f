"""Encodings of colours that a PNG's chunks declare, in the order of the PNG standard: cICP, iCCP, sRGB, gAMA with cHRM.

An encoding leads from samples to light. `colour_profiles` builds an ICC profile of it; the engine converts samples by
itself. What browsers show decides where the standards leave room (Chromium 156).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from vanceweb.lib.matrices import Matrix, Vector, apply, build_diagonal, invert, multiply, transpose
from vanceweb.lib.png_outline import PngOutline

Point = tuple[float, float]  # a chromaticity: CIE x and y
Transfer = Callable[[float], float]  # from a sample, 0..1, to light; 1 is white
Converter = Callable[[float, float, float], Vector]

D65, ILLUMINANT_C, EQUAL_ENERGY, CINEMA_WHITE = (0.3127, 0.329), (0.31, 0.316), (1 / 3, 1 / 3), (0.314, 0.351)
D50 = (0.9642, 1.0, 0.8249)  # XYZ of the white of ICC profiles: ICC.1:2022, 7.2.16
BRADFORD: Matrix = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
CHUNK_UNIT = 100_000  # gAMA and cHRM are stored as multiples of 1 / 100,000
USUAL_GAMMA = 45_455  # what writers of sRGB put into gAMA; alone it means sRGB
FULL_RANGE, RGB_MATRIX = 1, 0  # of cICP: the only ones that a PNG may have
# Light of HDR, cd/m²: white, and the brightest if the file doesn't say. ITU-R BT.2408, BT.2100.
REFERENCE_WHITE, USUAL_PEAK = 203.0, 1000.0
PQ_LIMIT = 10_000.0  # cd/m², of the largest sample
LUMINANCE_UNIT = 10_000  # cLLI and mDCV store cd/m² times this
LARGEST_FACTOR = (
    16.0  # of light in XYZ: white's are about 1; more comes from primaries on one line, or meaningless ones
)
DIMMEST_WHITE = 0.5  # of SDR's white: how far browsers dim HDR's white to make room for light beyond it


@dataclass(frozen=True)
class Primaries:
    """The chromaticities of red, green, blue and white."""

    red: Point
    green: Point
    blue: Point
    white: Point = D65


@dataclass(frozen=True)
class ColourEncoding:
    """Primaries and transfer. `peak` is the brightest light, 1 without HDR.

    `system_gamma` is the exponent of luminance by which the light of a scene (HLG) becomes that of a display.
    """

    primaries: Primaries
    transfer: Transfer
    peak: float = 1.0
    system_gamma: float = 1.0

    def compress_tone(self, light: float) -> float:
        """Bring the brightest channel of a px into 0..1: HDR's white is dimmed, and light beyond it is compressed."""
        if self.peak <= 1 or light <= 0:
            return min(max(light, 0.0), 1.0)
        # The whiter share is fitted to Chromium, which dims white the more, the brighter the peak is.
        room = math.log(self.peak) / math.log(USUAL_PEAK / REFERENCE_WHITE)
        white = 1 - (1 - DIMMEST_WHITE) * min(room, 1.0)
        return white * light if light <= 1 else min(white + (1 - white) * math.log(light) / math.log(self.peak), 1.0)

    def build_converter(self) -> Converter:
        """Return the function from red, green and blue, samples of 0..1, to samples of sRGB."""
        to_xyz = compute_matrix(self.primaries)
        to_srgb = multiply(invert(compute_matrix(SRGB)), to_xyz)

        def convert(red: float, green: float, blue: float) -> Vector:
            light = self.transfer(red), self.transfer(green), self.transfer(blue)
            luminance = sum(share * part for share, part in zip(to_xyz[1], light, strict=True))
            gain = self.peak * luminance ** (self.system_gamma - 1) if self.system_gamma > 1 else 1.0
            brightest = max(*light) * gain
            gain *= self.compress_tone(brightest) / brightest if brightest > 0 else 0.0
            red, green, blue = (encode_srgb(min(max(part * gain, 0.0), 1.0)) for part in apply(to_srgb, light))
            return red, green, blue

        return convert


def encode_srgb(light: float) -> float:
    """IEC 61966-2-1."""
    return light * 12.92 if light <= 0.0031308 else 1.055 * math.pow(light, 1 / 2.4) - 0.055


def decode_srgb(sample: float) -> float:
    """IEC 61966-2-1."""
    return sample / 12.92 if sample <= 0.04045 else math.pow((sample + 0.055) / 1.055, 2.4)


def _decode_smpte240(sample: float) -> float:
    return sample / 4 if sample < 0.0912863 else math.pow((sample + 0.1115722) / 1.1115722, 1 / 0.45)


def _decode_smpte428(sample: float) -> float:
    return min(52.37 / 48 * math.pow(sample, 2.6), 1.0)


def _decode_pq(sample: float) -> float:
    """SMPTE ST 2084; light relative to the reference white."""
    power = math.pow(sample, 1 / 78.84375)
    share = max(power - 0.8359375, 0.0) / (18.8515625 - 18.6875 * power)
    return PQ_LIMIT / REFERENCE_WHITE * math.pow(share, 1 / 0.1593017578125)


def _decode_hlg(sample: float) -> float:
    """ITU-R BT.2100: light of the scene, 0..1."""
    return sample**2 / 3 if sample <= 0.5 else (math.exp((sample - 0.55991073) / 0.17883277) + 0.28466892) / 12


def build_power(exponent: float) -> Transfer:
    """Return the transfer that raises a sample to this power."""
    return lambda sample: math.pow(sample, exponent)


SRGB = Primaries((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
BT601 = Primaries((0.63, 0.34), (0.31, 0.595), (0.155, 0.07))
# By their number in cICP: ITU-T H.273, tables 2 and 3.
PRIMARIES = {
    1: SRGB,
    4: Primaries((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), ILLUMINANT_C),
    5: Primaries((0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: BT601,
    7: BT601,
    8: Primaries((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), ILLUMINANT_C),
    9: Primaries((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    10: Primaries((1.0, 0.0), (0.0, 1.0), (0.0, 0.0), EQUAL_ENERGY),
    11: Primaries((0.68, 0.32), (0.265, 0.69), (0.15, 0.06), CINEMA_WHITE),
    12: Primaries((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
    22: Primaries((0.63, 0.34), (0.295, 0.605), (0.155, 0.077)),
}
PQ, HLG = 16, 18
TRANSFERS: dict[int, Transfer] = {
    **dict.fromkeys((1, 6, 11, 14, 15), build_power(2.4)),  # video is shown as in ITU-R BT.1886
    4: build_power(2.2),
    5: build_power(2.8),
    7: _decode_smpte240,
    8: build_power(1.0),
    13: decode_srgb,
    PQ: _decode_pq,
    17: _decode_smpte428,
    HLG: _decode_hlg,
}
HLG_SYSTEM_GAMMA = 1.2  # for a display of `USUAL_PEAK`


def find_encoding(outline: PngOutline, *, has_profile: bool) -> tuple[ColourEncoding | None, bool]:
    """Return the encoding that the chunks declare, None for sRGB, and whether a profile of the file counts."""
    chunks = outline.chunks
    coded = _read_code_points(outline)
    if coded is not None:
        is_srgb = coded.primaries is SRGB and coded.transfer is decode_srgb
        return (None if is_srgb else coded), False
    if has_profile or b"sRGB" in chunks or b"gAMA" not in chunks:
        return None, has_profile
    return _read_gamma(outline), False


def _read_code_points(outline: PngOutline) -> ColourEncoding | None:
    """Return the encoding of cICP, or None without a usable one."""
    primaries, transfer, matrix, coded_range = outline.chunks.get(b"cICP", (0, 0, 0, 0))
    if primaries not in PRIMARIES or transfer not in TRANSFERS or (matrix, coded_range) != (RGB_MATRIX, FULL_RANGE):
        return None
    decode = TRANSFERS[transfer]
    if transfer == PQ:
        return ColourEncoding(PRIMARIES[primaries], decode, peak=max(_read_peak(outline) / REFERENCE_WHITE, 1.0))
    if transfer == HLG:
        return ColourEncoding(
            PRIMARIES[primaries], decode, peak=USUAL_PEAK / REFERENCE_WHITE, system_gamma=HLG_SYSTEM_GAMMA
        )
    return ColourEncoding(PRIMARIES[primaries], decode)


def _read_peak(outline: PngOutline) -> float:
    """Return the brightest light that the file says it has or was made on, cd/m²."""
    content, display = outline.chunks.get(b"cLLI"), outline.chunks.get(b"mDCV")
    stored = content[0] if content else display[8] if display else 0
    return stored / LUMINANCE_UNIT or USUAL_PEAK


def _read_gamma(outline: PngOutline) -> ColourEncoding | None:
    """Return the encoding of gAMA and cHRM. Without cHRM the primaries are sRGB's; an impossible cHRM voids both."""
    (gamma,), points = outline.chunks[b"gAMA"], outline.chunks.get(b"cHRM")
    if gamma == 0 or (gamma == USUAL_GAMMA and points is None):
        return None
    primaries = SRGB
    if points is not None:
        white, red, green, blue = (
            (points[at] / CHUNK_UNIT, points[at + 1] / CHUNK_UNIT) for at in range(0, len(points), 2)
        )
        primaries = Primaries(red, green, blue, white)
    if not _is_possible(primaries):
        return None
    return ColourEncoding(primaries, build_power(CHUNK_UNIT / gamma))


def _is_possible(primaries: Primaries) -> bool:
    try:
        matrix = compute_matrix(primaries)
    except ZeroDivisionError:
        return False
    return all(abs(value) < LARGEST_FACTOR for row in matrix for value in row)


def compute_matrix(primaries: Primaries) -> Matrix:
    """Return the matrix from light of these primaries to XYZ of a white at D50, adapted as Bradford's transform does.

    Raise ZeroDivisionError if there is none.
    """
    columns = transpose((_to_xyz(primaries.red), _to_xyz(primaries.green), _to_xyz(primaries.blue)))
    x, y, z = _to_xyz(primaries.white)
    white = (x / y, 1.0, z / y)
    to_xyz = multiply(columns, build_diagonal(apply(invert(columns), white)))
    given, wanted = apply(BRADFORD, white), apply(BRADFORD, D50)
    gains = build_diagonal((wanted[0] / given[0], wanted[1] / given[1], wanted[2] / given[2]))
    return multiply(multiply(invert(BRADFORD), multiply(gains, BRADFORD)), to_xyz)


def _to_xyz(point: Point) -> Vector:
    x, y = point
    return x, y, 1 - x - y
