"""Checks of untrusted image files by their content: the limits are enforced on the header, and no pixel is decoded.

`decoding.check_pixels` finds damage in the pixels, in another process.
"""

import io
import warnings
from collections.abc import Collection
from dataclasses import dataclass
from typing import BinaryIO

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

from vanceweb.lib.image_headers import build_header_file, check_structure
from vanceweb.lib.image_refusals import (
    ImageRefused,
    ImageTooCostly,
    ImageTooLarge,
    NotAnImage,
    format_megabytes,
    format_megapixels,
)
from vanceweb.lib.jpeg_parts import MAX_SIDE
from vanceweb.lib.picture_formats import SIGNATURE_BYTES, detect_format, to_single_format, to_title
from vanceweb.lib.picture_mending import open_mended

__all__ = [
    "ImageFacts",
    "ImageRefused",
    "ImageTooCostly",
    "ImageTooLarge",
    "NotAnImage",
    "format_megabytes",
    "format_megapixels",
    "inspect_image",
]

EXIF_ORIENTATION = 0x0112
# EXIF orientations 5 to 8 rotate the image by a quarter turn, which swaps width and height.
QUARTER_TURNS = frozenset({5, 6, 7, 8})


@dataclass(frozen=True)
class ImageFacts:
    """The data in the file's header. `width` and `height` are in px, after applying the EXIF orientation."""

    format: str
    width: int
    height: int
    mode: str
    orientation: int
    filesize: int


def inspect_image(
    file: BinaryIO, *, max_bytes: int, max_pixels: int, formats: Collection[str], max_side: int = MAX_SIDE
) -> ImageFacts:
    """Read the header and enforce the limits without decoding a pixel. Leave `file` at its start.

    `formats` are Pillow's names, as in ("JPEG", "PNG"); `max_side` is in px. Raise NotAnImage or ImageTooLarge.
    """
    filesize = file.seek(0, io.SEEK_END)
    file.seek(0)
    if filesize == 0:
        raise NotAnImage(_("The file is empty."))
    if filesize > max_bytes:
        sizes = {"size": format_megabytes(filesize), "limit": format_megabytes(max_bytes)}
        raise ImageTooLarge(_("The file has %(size)s; the limit is %(limit)s.") % sizes)
    format = _detect_format(file, formats)
    check_structure(file, format, filesize=filesize, max_side=max_side)
    header = build_header_file(open_mended(file), format, filesize=filesize)
    facts = _read_facts(header, filesize, max_pixels, formats)
    file.seek(0)
    return facts


def _detect_format(file: BinaryIO, formats: Collection[str]) -> str:
    """Return the file's format. Pillow isn't asked: it would parse the file as each of its many formats."""
    format = detect_format(file.read(SIGNATURE_BYTES))
    if format is None:
        raise NotAnImage(_("This is not an image; %(formats)s are accepted.") % {"formats": _format_names(formats)})
    _check_format(format, formats)
    return format


def _check_format(format: str | None, formats: Collection[str]) -> None:
    if format not in formats:
        names = {"format": to_title(format or ""), "formats": _format_names(formats)}
        raise NotAnImage(_("This is a %(format)s file; %(formats)s are accepted.") % names)


def _read_facts(header: BinaryIO, filesize: int, max_pixels: int, formats: Collection[str]) -> ImageFacts:
    try:
        with warnings.catch_warnings():
            # The limit below replaces Pillow's own.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(header, formats=list(formats)) as image:
                format = to_single_format(image.format)
                _check_format(format, formats)
                width, height = image.size
                _check_pixels(width, height, max_pixels)
                orientation = _read_orientation(image)
                if orientation in QUARTER_TURNS:
                    width, height = height, width
                return ImageFacts(str(format), width, height, image.mode, orientation, filesize)
    except Image.DecompressionBombError:
        limit = {"limit": format_megapixels(max_pixels)}
        raise ImageTooLarge(_("The picture has more than %(limit)s.") % limit) from None
    except (OSError, SyntaxError, ValueError, EOFError, OverflowError, UnidentifiedImageError):
        raise NotAnImage(_("The image's header is damaged.")) from None


def _check_pixels(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise ImageTooLarge(
            _("The picture has %(width)s x %(height)s px, %(size)s; the limit is %(limit)s.")
            % {
                "width": width,
                "height": height,
                "size": format_megapixels(width * height),
                "limit": format_megapixels(max_pixels),
            }
        )


def _read_orientation(image: Image.Image) -> int:
    try:
        # The method of PNG files would decode all pixels first, in search of EXIF data behind them.
        return int(Image.Image.getexif(image).get(EXIF_ORIENTATION, 1))
    except (OSError, SyntaxError, ValueError, TypeError, KeyError):
        return 1


def _format_names(formats: Collection[str]) -> str:
    return get_text_list([to_title(name) for name in formats], _("and"))
