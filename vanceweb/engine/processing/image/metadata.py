"""EXIF and ICC metadata, kept and adapted to the changed picture."""

import io
import struct

from PIL import Image, ImageCms

from vanceweb.engine.processing.image.picture import Metadata

ORIENTATION, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 0x0112, 0x011A, 0x011B, 0x0128
EXIF_IFD, PIXEL_WIDTH, PIXEL_HEIGHT = 0x8769, 0xA002, 0xA003
INCH_UNIT = 2
MAX_EXIF_SIZE = 65_533 - 6  # bytes: a JPEG segment less the header that Pillow puts before the EXIF block
ICC_COLOUR_SPACE = slice(16, 20)  # of the profile's header, ICC.1:2022 7.2.6

# Every camera writes EXIF differently; a block that cannot be parsed must not cost the picture.
EXIF_ERRORS = (OSError, SyntaxError, ValueError, TypeError, KeyError, OverflowError, struct.error)


def read_metadata(image: Image.Image) -> Metadata:
    """Return the metadata of an opened image, with the orientation reset, for the caller applies it."""
    try:
        block = _reset_orientation(image.getexif())
    except EXIF_ERRORS:
        block = None
    icc = image.info.get("icc_profile")
    return Metadata(block, icc if isinstance(icc, bytes) and len(icc) > 128 else None, _read_dpi(image))


def read_orientation(image: Image.Image) -> int:
    """Return the EXIF orientation of an opened image, 1 (upright) to 8."""
    try:
        orientation = image.getexif().get(ORIENTATION, 1)
    except EXIF_ERRORS:
        return 1
    return orientation if orientation in range(1, 9) else 1


def _reset_orientation(original: Image.Exif) -> bytes | None:
    """Return a copy of the EXIF block with the orientation reset; the original is still needed to turn the image."""
    if not len(original):
        return None
    exif = Image.Exif()
    exif.load(original.tobytes())
    if ORIENTATION in exif:
        exif[ORIENTATION] = 1
    return exif.tobytes()


def _read_dpi(image: Image.Image) -> tuple[float, float] | None:
    try:
        across, down = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if 1 <= across <= 65535 and 1 <= down <= 65535 else None


def build_exif(metadata: Metadata, *, width: int, height: int, dpi: int | None) -> bytes | None:
    """Build the EXIF block for a result of this size in px; `dpi`, if given, replaces the resolution."""
    if metadata.exif is None:
        return None
    exif = Image.Exif()
    try:
        exif.load(metadata.exif)
        details = exif.get_ifd(EXIF_IFD)
        if PIXEL_WIDTH in details or PIXEL_HEIGHT in details:
            details[PIXEL_WIDTH], details[PIXEL_HEIGHT] = width, height
        if dpi:
            exif[X_RESOLUTION] = exif[Y_RESOLUTION] = float(dpi)
            exif[RESOLUTION_UNIT] = INCH_UNIT
        block = exif.tobytes()
    except EXIF_ERRORS:
        return None
    return block if len(block) <= MAX_EXIF_SIZE else None


def select_profile(metadata: Metadata, mode: str) -> bytes | None:
    """Return the ICC profile if it describes pixels of Pillow's `mode` (L, LA, RGB, RGBA), else None."""
    if metadata.icc is None:
        return None
    space = metadata.icc[ICC_COLOUR_SPACE]
    return metadata.icc if space == (b"GRAY" if mode in ("L", "LA") else b"RGB ") else None


def convert_cmyk_to_rgb(image: Image.Image, icc: bytes | None) -> Image.Image:
    """Convert a CMYK image to sRGB, through its own profile if it has a usable one."""
    if icc is not None and icc[ICC_COLOUR_SPACE] == b"CMYK":
        try:
            converted = ImageCms.profileToProfile(
                image, ImageCms.ImageCmsProfile(io.BytesIO(icc)), ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None
        if converted is not None:
            return converted
    return image.convert("RGB")
