"""Conversion of pictures to sRGB, through their ICC profiles or from the encoding that a PNG declares."""

import io
import struct

from PIL import Image, ImageCms, ImageFilter

from vanceweb.lib.colour_encodings import D50, ColourEncoding, compute_matrix
from vanceweb.lib.matrices import Vector, transpose

# Parts of a profile's header: ICC.1:2022, 7.2.
HEADER_BYTES = 128
COLOUR_SPACE, SIGNATURE = slice(16, 20), slice(36, 40)
GREY, RGB = b"GRAY", b"RGB "
TAG_BYTES = 12  # of a row in the table of tags
CHANNELS = (b"r", b"g", b"b")
CURVE_LENGTH = 4096  # samples of a curve that this module builds
HDR_TABLE_SIDE = 25  # colours of each channel; a tenth of a second, and within 2 levels on average
PROFILE_ERRORS = (ImageCms.PyCMSError, OSError, ValueError, TypeError)


def get_profile_space(profile: object) -> bytes | None:
    """Return the colour space of an ICC profile, such as `GREY` or `RGB`; None for anything else."""
    if not isinstance(profile, bytes) or len(profile) <= HEADER_BYTES or profile[SIGNATURE] != b"acsp":
        return None
    return profile[COLOUR_SPACE]


def convert_to_srgb(image: Image.Image, profile: bytes) -> Image.Image | None:
    """Convert an image of mode L, RGB, RGBA or CMYK through its profile to RGB or RGBA; None if that can't be done."""
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except PROFILE_ERRORS:
        return None


def build_grey_table(profile: bytes) -> list[int] | None:
    """Return the grey of sRGB for each grey 0..255 of a picture with this profile, for grey or RGB; None if unusable.

    Browsers apply an RGB profile to a grey picture, too.
    """
    space = get_profile_space(profile)
    ramp = Image.frombytes("L", (256, 1), bytes(range(256)))
    if space not in (GREY, RGB):
        return None
    converted = convert_to_srgb(ramp if space == GREY else ramp.convert("RGB"), profile)
    return None if converted is None else list(converted.convert("L").tobytes())


def convert_from_encoding(image: Image.Image, encoding: ColourEncoding) -> Image.Image:
    """Convert an image of mode RGB or RGBA to sRGB."""
    if encoding.peak > 1:
        # A profile can't describe HDR, but its samples are even to the eye, which suits a table of few colours.
        return image.filter(ImageFilter.Color3DLUT.generate(HDR_TABLE_SIDE, encoding.build_converter()))
    return convert_to_srgb(image, build_profile(encoding)) or image


def build_profile(encoding: ColourEncoding) -> bytes:
    """Build the profile of an encoding without HDR: ICC.1:2022."""
    light = (encoding.compress_tone(encoding.transfer(at / (CURVE_LENGTH - 1))) for at in range(CURVE_LENGTH))
    curve = struct.pack(f">4s4xI{CURVE_LENGTH}H", b"curv", CURVE_LENGTH, *(round(part * 0xFFFF) for part in light))
    columns = transpose(compute_matrix(encoding.primaries))
    tags = {
        b"desc": struct.pack(">4s4xI79x", b"desc", 1),  # a name of one null byte
        b"wtpt": _build_point(D50),
        **{name + b"XYZ": _build_point(column) for name, column in zip(CHANNELS, columns, strict=True)},
        **{name + b"TRC": curve for name in CHANNELS},
    }
    table, body = struct.pack(">I", len(tags)), b""
    start = HEADER_BYTES + len(table) + len(tags) * TAG_BYTES
    for name, content in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(content))
        body += content + b"\0" * (-len(content) % 4)
    # Version 2.4, a profile of a display, from RGB to XYZ, without a date.
    header = struct.pack(">I4x4s4s4s4s12x4s28x", start + len(body), b"\2\x40\0\0", b"mntr", RGB, b"XYZ ", b"acsp")
    header += struct.pack(">3i48x", *_to_fixed_point(D50))
    return header + table + body


def _build_point(xyz: Vector) -> bytes:
    """Build a tag of one point."""
    return struct.pack(">4s4x3i", b"XYZ ", *_to_fixed_point(xyz))


def _to_fixed_point(xyz: Vector) -> list[int]:
    return [round(value * 0x10000) for value in xyz]
