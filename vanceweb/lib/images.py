"""Checks of untrusted image files: by content, with limits enforced before any pixel is decoded."""

import io
import warnings
from collections.abc import Collection
from dataclasses import dataclass
from typing import BinaryIO

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

EXIF_ORIENTATION = 0x0112
# EXIF orientations 5 to 8 rotate the image by a quarter turn, which swaps width and height.
QUARTER_TURNS = frozenset({5, 6, 7, 8})


class ImageRefused(Exception):
    """The file isn't accepted. The message is a sentence for the person who sent it."""


class NotAnImage(ImageRefused):
    """The file isn't an image, is damaged or has an unsupported format."""


class ImageTooLarge(ImageRefused):
    """The file has more bytes or pixels than the limit."""


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
    file: BinaryIO, *, max_bytes: int, max_pixels: int, formats: Collection[str], decode: bool = True
) -> ImageFacts:
    """Read the header, enforce the limits, then decode once to detect a truncated file. Leave `file` at its start.

    Decoding takes about a second for a PNG of 34 megapixels; with `decode=False`, it is left to the caller.
    `formats` are Pillow's names, as in ("JPEG", "PNG"). Raises NotAnImage or ImageTooLarge.
    """
    filesize = file.seek(0, io.SEEK_END)
    file.seek(0)
    if filesize == 0:
        raise NotAnImage(_("The file is empty."))
    if filesize > max_bytes:
        sizes = {"size": format_megabytes(filesize), "limit": format_megabytes(max_bytes)}
        raise ImageTooLarge(_("The file has %(size)s; the limit is %(limit)s.") % sizes)
    facts = _read_facts(file, filesize, max_pixels, formats)
    file.seek(0)
    if decode:
        _decode(file, formats)
        file.seek(0)
    return facts


def format_megabytes(count: int) -> str:
    """Return a size in bytes for people: 10485760 → '10.0 MB' (of 1024 x 1024 bytes, as in the API)."""
    return _("%(size)s MB") % {"size": f"{count / 1024 / 1024:.1f}"}


def format_megapixels(count: int) -> str:
    """Return a number of pixels for people: 34000000 → '34.0 megapixels'."""
    return _("%(count)s megapixels") % {"count": f"{count / 1e6:.1f}"}


def _read_facts(file: BinaryIO, filesize: int, max_pixels: int, formats: Collection[str]) -> ImageFacts:
    try:
        with warnings.catch_warnings():
            # The limit below replaces Pillow's own.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file) as image:
                if image.format is None or image.format not in formats:
                    names = {"format": image.format, "formats": _format_names(formats)}
                    raise NotAnImage(_("This is a %(format)s file; %(formats)s are accepted.") % names)
                width, height = image.size
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
                orientation = _read_orientation(image)
                if orientation in QUARTER_TURNS:
                    width, height = height, width
                return ImageFacts(image.format, width, height, image.mode, orientation, filesize)
    except Image.DecompressionBombError:
        limit = {"limit": format_megapixels(max_pixels)}
        raise ImageTooLarge(_("The picture has more than %(limit)s.") % limit) from None
    except UnidentifiedImageError:
        names = {"formats": _format_names(formats)}
        raise NotAnImage(_("This is not an image; %(formats)s are accepted.") % names) from None
    except (OSError, SyntaxError, ValueError, EOFError, OverflowError):
        raise NotAnImage(_("The image's header is damaged.")) from None


def _read_orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(EXIF_ORIENTATION, 1))
    except (OSError, SyntaxError, ValueError, TypeError, KeyError):
        return 1


def _decode(file: BinaryIO, formats: Collection[str]) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file, formats=list(formats)) as image:
                image.load()
    except Exception as error:
        # Decoders raise their library's errors (OSError, SyntaxError, struct.error, zlib.error, …).
        raise NotAnImage(_("The image is damaged or incomplete.")) from error


def _format_names(formats: Collection[str]) -> str:
    return get_text_list(["JPG" if name == "JPEG" else name for name in formats], _("and"))
