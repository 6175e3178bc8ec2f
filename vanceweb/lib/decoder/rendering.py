"""Decoding of a picture to find damage, and its thumbnails: upright, 8 bit, sRGB, transparency kept."""

import io
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

from PIL import Image, ImageOps

from vanceweb.lib.colour_encodings import find_encoding
from vanceweb.lib.colour_profiles import build_grey_table, convert_from_encoding, convert_to_srgb, get_profile_space
from vanceweb.lib.picture_formats import to_single_format
from vanceweb.lib.picture_mending import open_mended
from vanceweb.lib.picture_sizes import fit_size
from vanceweb.lib.png_outline import PngOutline, read_png_outline
from vanceweb.lib.png_parts import has_damaged_essentials
from vanceweb.lib.png_samples import adjust_key, apply_wide_key

# Scales 16-bit samples to 8 bits: 65535 becomes 255.
SIXTEEN_TO_EIGHT = 1 / 257
SIXTEEN_BIT_MODES = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})
GREY_MODES = frozenset({"1", "L", "LA", "La"})
ALPHA_MODES = frozenset({"RGBA", "LA", "PA", "La", "RGBa"})
# libjpeg keeps all coefficients of a progressive picture, two bytes each.
COEFFICIENT_BYTES = 2
# Pillow's sentence for the status IMAGING_CODEC_MEMORY.
OUT_OF_MEMORY = "out of memory"

# Given the number of pixels, returns the bytes of memory there are for them.
GrantMemory = Callable[[int], int]


class Damaged(Exception):
    """The picture is damaged or incomplete, or not in an accepted format."""


def decode_picture(file: BinaryIO, *, formats: Collection[str], grant: GrantMemory) -> dict[str, object]:
    """Decode the whole picture and return its format, mode and size in px. Raise Damaged or MemoryError.

    A JPG is decoded at the smallest scale: that reads the same data, in a fifth of the time.
    """
    with _open_picture(file, formats, grant) as image:
        facts: dict[str, object] = {
            "format": to_single_format(image.format),
            "mode": image.mode,
            "width": image.width,
            "height": image.height,
        }
        image.draft(None, (1, 1))
        image.load()
    return facts


def render_thumbnails(
    file: BinaryIO, *, sides: Mapping[str, int], formats: Collection[str], quality: int, grant: GrantMemory
) -> dict[str, bytes]:
    """Return WebP files by name: the picture fitted into a square of each side in px, never enlarged.

    Decode every pixel, and raise Damaged or MemoryError. A JPG is decoded at the smallest sufficient scale (34
    megapixels take a sixth of a second).
    """
    ordered = sorted(sides.items(), key=lambda item: -item[1])
    picture = _load_upright(file, ordered[0][1], formats, grant)
    rendered = {}
    for name, side in ordered:
        size = fit_size(*picture.size, side)
        # Each is made from the previous one, which is larger and already sRGB.
        picture = picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
        target = io.BytesIO()
        picture.save(target, "WEBP", quality=quality, method=4)
        rendered[name] = target.getvalue()
    return rendered


def _load_upright(file: BinaryIO, side: int, formats: Collection[str], grant: GrantMemory) -> Image.Image:
    outline = read_png_outline(file)
    with _open_picture(file, formats, grant) as image:
        adjust_key(image, outline)
        # Decode at 1.5 times the size, so that the resampling filter sets the final quality, not the decoder.
        image.draft(None, (side * 3 // 2, side * 3 // 2))
        image.load()
        image = apply_wide_key(image, outline, file)
        # In place: a copy would double the memory of a large picture.
        ImageOps.exif_transpose(image, in_place=True)
        return _to_srgb(image, outline)


@contextmanager
def _open_picture(file: BinaryIO, formats: Collection[str], grant: GrantMemory) -> Iterator[Image.Image]:
    """Open the picture for the block. Failures of the block are Damaged, unless memory was missing."""
    accepted = list(formats)
    try:
        mended = open_mended(file)
        with warnings.catch_warnings():
            # The client has enforced its limit of pixels.
            warnings.simplefilter("ignore")
            with Image.open(mended, formats=accepted) as image:
                _check_parts(image, file)
                _check_coefficients(image, grant(image.width * image.height))
                yield image
    except Exception as error:
        if isinstance(error, MemoryError) or OUT_OF_MEMORY in str(error):
            raise MemoryError from error
        # Decoders pass on the errors of their libraries (OSError, SyntaxError, struct.error, zlib.error, …).
        raise Damaged from error


def _check_parts(image: Image.Image, file: BinaryIO) -> None:
    """Raise Damaged if a checksum of a PNG is wrong that Pillow doesn't look at: those of the pixels."""
    if image.format == "PNG" and has_damaged_essentials(file, file.seek(0, io.SEEK_END)):
        raise Damaged


def _check_coefficients(image: Image.Image, memory: int) -> None:
    """Raise MemoryError if a progressive JPG needs more: libjpeg's own error looks like damage."""
    if image.info.get("progressive"):
        needed = image.width * image.height * len(image.getbands()) * COEFFICIENT_BYTES
        if needed > memory:
            raise MemoryError


def _to_srgb(image: Image.Image, outline: PngOutline) -> Image.Image:
    """Convert the picture to RGB or RGBA in sRGB."""
    profile = image.info.get("icc_profile")
    encoding, profile_counts = find_encoding(outline, has_profile=get_profile_space(profile) is not None)
    if image.mode in SIXTEEN_BIT_MODES:
        image = image.convert("F").point(lambda sample: sample * SIXTEEN_TO_EIGHT + 0.5).convert("L")
    is_grey = image.mode in GREY_MODES or outline.is_grey
    has_alpha = image.mode in ALPHA_MODES or "transparency" in image.info
    if has_alpha:
        image = _convert(image, "RGBA")
    elif image.mode != "CMYK":
        image = _convert(image, "RGB")
    if encoding is not None:
        image = convert_from_encoding(image, encoding)
    elif profile_counts and profile is not None:
        image = _apply_profile(image, profile, is_grey=is_grey)
    return image if image.mode in ("RGB", "RGBA") else image.convert("RGB")


def _convert(image: Image.Image, mode: str) -> Image.Image:
    """Convert the picture, without the copy that Pillow makes of one that has the mode already."""
    return image if image.mode == mode and "transparency" not in image.info else image.convert(mode)


def _apply_profile(image: Image.Image, profile: bytes, *, is_grey: bool) -> Image.Image:
    """Convert the picture through its profile. One that is broken, or for another colour model, has no effect."""
    if not is_grey:
        return convert_to_srgb(image, profile) or image
    levels = build_grey_table(profile)
    if levels is None:
        return image
    return image.point(levels * 3 + list(range(256)) * (image.mode == "RGBA"))
