"""Opening images that strangers sent: judged by content, limits enforced before a pixel is decoded."""

import io
import warnings
from collections.abc import Collection
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

EXIF_ORIENTATION = 0x0112
# EXIF orientations 5 to 8 turn the picture by a quarter, so that width and height change places.
QUARTER_TURNS = frozenset({5, 6, 7, 8})


class ImageRefused(Exception):
    """The file can't be taken; the message is a sentence for the person who sent it."""


class NotAnImage(ImageRefused):
    """No image, a broken one, or one of a format that isn't taken."""


class ImageTooLarge(ImageRefused):
    """More bytes or more pixels than the limit."""


@dataclass(frozen=True)
class ImageFacts:
    """What the file's header says. `width` and `height` are in px, as seen once the EXIF orientation is applied."""

    format: str
    width: int
    height: int
    mode: str
    orientation: int
    filesize: int


def inspect_image(
    file: BinaryIO, *, max_bytes: int, max_pixels: int, formats: Collection[str], decode: bool = True
) -> ImageFacts:
    """Reads the header, enforces the limits, then decodes once to find a truncated file. Leaves `file` at its start.

    Decoding takes about a second for 34 megapixels of PNG: without `decode` it is left to the caller, for later.
    `formats` are Pillow's names, as in ("JPEG", "PNG"). Raises NotAnImage or ImageTooLarge.
    """
    filesize = file.seek(0, io.SEEK_END)
    file.seek(0)
    if filesize == 0:
        raise NotAnImage("The file is empty.")
    if filesize > max_bytes:
        raise ImageTooLarge(f"The file has {format_megabytes(filesize)}; {format_megabytes(max_bytes)} are the limit.")
    facts = _read_facts(file, filesize, max_pixels, formats)
    file.seek(0)
    if decode:
        _decode(file, formats)
        file.seek(0)
    return facts


def format_megabytes(count: int) -> str:
    """A size in bytes for people: 10485760 → '10.0 MB' (of 1024 x 1024 bytes, as the API counts)."""
    return f"{count / 1024 / 1024:.1f} MB"


def format_megapixels(count: int) -> str:
    """A number of pixels for people: 34000000 → '34.0 megapixels'."""
    return f"{count / 1e6:.1f} megapixels"


def _read_facts(file: BinaryIO, filesize: int, max_pixels: int, formats: Collection[str]) -> ImageFacts:
    try:
        with warnings.catch_warnings():
            # Pillow warns of large headers on its own scale; the limit below is ours.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file) as image:
                if image.format is None or image.format not in formats:
                    raise NotAnImage(f"This is a {image.format} file; {_format_names(formats)} are taken.")
                width, height = image.size
                if width * height > max_pixels:
                    raise ImageTooLarge(
                        f"The picture has {width} x {height} px, {format_megapixels(width * height)}; "
                        f"{format_megapixels(max_pixels)} are the limit."
                    )
                orientation = _read_orientation(image)
                if orientation in QUARTER_TURNS:
                    width, height = height, width
                return ImageFacts(image.format, width, height, image.mode, orientation, filesize)
    except Image.DecompressionBombError:
        raise ImageTooLarge(f"The picture has more than {format_megapixels(max_pixels)}.") from None
    except UnidentifiedImageError:
        raise NotAnImage(f"This is not an image; {_format_names(formats)} are taken.") from None
    except (OSError, SyntaxError, ValueError, EOFError, OverflowError):
        raise NotAnImage("The image's header is broken.") from None


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
        # Decoders raise whatever their library does (OSError, SyntaxError, struct.error, zlib.error, …).
        raise NotAnImage("The image is damaged or incomplete.") from error


def _format_names(formats: Collection[str]) -> str:
    return " and ".join("JPG" if name == "JPEG" else name for name in formats)
