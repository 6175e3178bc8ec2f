"""Conversion of a picture in another format to JPG or PNG: upright, with its EXIF and XMP data and its colour profile.

Photos become JPGs of a high quality. Pictures with transparency, and those stored without loss, become PNGs.
"""

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

import pi_heif
from PIL import AvifImagePlugin, Image, ImageOps, TiffImagePlugin, WebPImagePlugin  # noqa: F401 - they register

from vanceweb.lib.decoder.colour_profiles import build_profile, read_stated_colours
from vanceweb.lib.decoder.conversion_limits import TOO_MANY_BYTES, ConversionLimits
from vanceweb.lib.decoder.picture_data import PictureData, read_data
from vanceweb.lib.decoder.rendering import ALPHA_MODES, OUT_OF_MEMORY, SIXTEEN_BIT_MODES, SIXTEEN_TO_EIGHT, Damaged

# From the best to the least that still looks good; the first is practically free of loss.
JPEG_ATTEMPTS: tuple[dict[str, Any], ...] = (
    {"quality": 95, "subsampling": "4:4:4"},
    {"quality": 92, "subsampling": "4:2:0"},
    {"quality": 85, "subsampling": "4:2:0"},
    {"quality": 75, "subsampling": "4:2:0"},
)
JPEG_MODES, PNG_MODES = frozenset({"L", "RGB", "CMYK"}), frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "I;16"})
# Formats that store every sample as it was. A TIFF may also hold JPGs, and a WebP pictures with or without loss.
LOSSLESS_FORMATS = frozenset({"BMP", "GIF"})
# Formats that may state their colours by number.
CONTAINERS = frozenset({"HEIF", "AVIF"})
LOSSY_TIFF_CODECS = frozenset({"jpeg", "tiff_jpeg", "webp"})
LOSSLESS_WEBP = b"VP8L"
# The first chunk with pixels comes after the colour profile, which may be large, but rarely is.
WEBP_SEARCH_BYTES = 64 * 1024
# Libraries keep the file in memory, some of them twice: as many pixels as these bytes are granted for it.
BYTES_PER_GRANTED_PIXEL = 8


class OutputTooLarge(Exception):
    """The converted file would have more bytes than the limit."""


def load_codecs() -> None:
    """Load the codecs of all formats, which children inherit. None starts more threads than it must."""
    Image.preinit()
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=0)


def convert_picture(
    file: BinaryIO, *, format: str, limits: ConversionLimits, grant: Callable[[int], int]
) -> tuple[dict[str, object], bytes]:
    """Return facts about the converted picture, and its file. Of several pictures in the file, take the main one.

    The facts are `format`, `width` and `height` in px, `frames` (the pictures in the original), `left_out` (names of
    data for which a JPG has no room) and `is_hdr` (the pixels are brighter than a screen's white), or the `problem`
    with the size: then there is no file, and no pixel was decoded unless the problem is the number of bytes. `format`
    is Pillow's name. Raise Damaged or MemoryError.
    """
    room = file.seek(0, io.SEEK_END) // BYTES_PER_GRANTED_PIXEL
    grant(room)
    with _open_picture(file, format) as image:
        facts: dict[str, object] = {"width": image.width, "height": image.height}
        if problem := limits.find_problem(image.width, image.height):
            return facts | {"problem": problem}, b""
        grant(image.width * image.height + room)
        frames = getattr(image, "n_frames", 1)
        is_lossless = _is_lossless(image, file)
        colours = read_stated_colours(file) if format in CONTAINERS else None
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        data = read_data(image, profile=build_profile(colours) if colours else b"")
        try:
            kind, content, left_out = _encode(
                _reduce_modes(image), data, is_lossless=is_lossless, limit=limits.max_bytes
            )
        except OutputTooLarge:
            return facts | {"problem": TOO_MANY_BYTES}, b""
    size = {"width": image.width, "height": image.height}
    return {
        "format": kind,
        **size,
        "frames": frames,
        "left_out": left_out,
        "is_hdr": colours is not None and colours.is_hdr,
    }, content


@contextmanager
def _open_picture(file: BinaryIO, format: str) -> Iterator[Image.Image]:
    """Open the picture for the block. Failures of the block are Damaged, unless memory was missing."""
    file.seek(0)
    try:
        with warnings.catch_warnings():
            # The limit of pixels replaces Pillow's own.
            warnings.simplefilter("ignore")
            with Image.open(file, formats=[format]) as image:
                yield image
    except Exception as error:
        if isinstance(error, MemoryError) or OUT_OF_MEMORY in str(error).lower():
            raise MemoryError from error
        raise Damaged from error


def _is_lossless(image: Image.Image, file: BinaryIO) -> bool:
    if image.format == "TIFF":
        return image.info.get("compression") not in LOSSY_TIFF_CODECS
    if image.format == "WEBP":
        file.seek(0)
        return LOSSLESS_WEBP in file.read(WEBP_SEARCH_BYTES)
    return image.format in LOSSLESS_FORMATS


def _reduce_modes(image: Image.Image) -> Image.Image:
    """Return the picture in a mode that a JPG or a PNG can have. An opaque alpha channel is dropped."""
    if image.mode in ALPHA_MODES:
        colours, whole = ("L", "LA") if image.mode in ("LA", "La") else ("RGB", "RGBA")
        image = image if image.mode == whole else image.convert(whole)
        is_opaque = image.getchannel("A").getextrema()[0] == 255
        return image.convert(colours) if is_opaque else image
    if image.mode == "F":
        return _quantise(image)
    if image.mode in SIXTEEN_BIT_MODES:
        return image if image.mode == "I;16" else image.convert("I;16")
    return image if image.mode in JPEG_MODES | PNG_MODES else image.convert("RGB")


def _quantise(image: Image.Image) -> Image.Image:
    """Return grey samples of 8 bits for floating-point numbers, which are either between 0 and 1 or up to 255."""
    highest = cast(tuple[float, float], image.getextrema())[1]
    scale = 255 if highest <= 1 else 1
    return image.point(lambda sample: sample * scale + 0.5).convert("L")


def _encode(image: Image.Image, data: PictureData, *, is_lossless: bool, limit: int) -> tuple[str, bytes, list[str]]:
    """Return the format, the file and the names of data that were left out. Raise OutputTooLarge."""
    has_alpha = image.mode in ALPHA_MODES or "transparency" in image.info
    if (is_lossless or has_alpha) and image.mode in PNG_MODES:
        try:
            return "PNG", _save(image, "PNG", limit, data.build_png_options(image.mode)), []
        except OutputTooLarge:
            if has_alpha:
                raise
    options, left_out = data.build_jpeg_options(image.mode)
    picture = _to_jpeg_mode(image)
    for attempt in JPEG_ATTEMPTS:
        try:
            return "JPEG", _save(picture, "JPEG", limit, options | attempt), left_out
        except OutputTooLarge:
            continue
    raise OutputTooLarge


def _to_jpeg_mode(image: Image.Image) -> Image.Image:
    if image.mode in SIXTEEN_BIT_MODES:
        return image.convert("F").point(lambda sample: sample * SIXTEEN_TO_EIGHT + 0.5).convert("L")
    if image.mode in JPEG_MODES:
        return image
    return image.convert("L" if image.mode in ("1", "LA") else "RGB")


def _save(image: Image.Image, format: str, limit: int, options: dict[str, Any]) -> bytes:
    target = _LimitedFile(limit)
    image.save(target, format, **options)
    return target.getvalue()


class _LimitedFile(io.BytesIO):
    """A file in memory that ends an encoder's work once it has more bytes than the limit."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def write(self, content: Any) -> int:
        if self.tell() + len(content) > self._limit:
            raise OutputTooLarge
        return super().write(content)
