"""EXIF, ICC and descriptions, kept and adapted to the changed picture."""

import io
import struct
from typing import Any

from PIL import Image, ImageCms, ImageFile
from PIL.PngImagePlugin import PngInfo

from vanceweb.engine.processing.image.attachments import describe_attachments
from vanceweb.engine.processing.image.descriptions import APP1_PROFILE, build_chunks, build_segments, read_descriptions
from vanceweb.engine.processing.image.jpeg_segments import EXIF_NAME
from vanceweb.engine.processing.image.picture import FileFormat, Metadata
from vanceweb.engine.processing.image.png_chunks import read_raw_profile

ORIENTATION, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 0x0112, 0x011A, 0x011B, 0x0128
IMAGE_WIDTH, IMAGE_HEIGHT = 0x0100, 0x0101
EXIF_IFD, PIXEL_WIDTH, PIXEL_HEIGHT = 0x8769, 0xA002, 0xA003
SUBJECT_AREA, SUBJECT_LOCATION = 0x9214, 0xA214  # in px of the picture as it was taken
UPRIGHT = 1
INCH_UNIT = 2
# Bytes. A JPG's is a segment less the header that Pillow puts before the block; a PNG has no limit of its own.
MAX_EXIF_SIZES: dict[FileFormat, int] = {"jpg": 65_533 - 6, "png": 1024 * 1024}
ICC_COLOUR_SPACE = slice(16, 20)  # of the profile's header, ICC.1:2022 7.2.6

# Every camera writes EXIF differently; a block that cannot be parsed must not cost the picture.
EXIF_ERRORS = (OSError, SyntaxError, ValueError, TypeError, KeyError, OverflowError, struct.error)


def read_metadata(image: ImageFile.ImageFile) -> Metadata:
    """Return the metadata of an opened image, with the orientation reset, for the caller applies it."""
    file = _read_file(image)
    try:
        block = _reset_orientation(_read_exif(image))
    except EXIF_ERRORS:
        block = None
    icc = image.info.get("icc_profile")
    return Metadata(
        block,
        icc if isinstance(icc, bytes) and len(icc) > 128 else None,
        _read_dpi(image),
        read_descriptions(file, turned=read_orientation(image) != UPRIGHT),
        describe_attachments(file),
    )


def _read_file(image: ImageFile.ImageFile) -> bytes:
    """Return the bytes of an image that was opened and not yet loaded, and leave its file where Pillow reads on."""
    if image.fp is None:
        raise ValueError("the image is loaded already, and its file closed")
    position = image.fp.tell()
    image.fp.seek(0)
    content = image.fp.read()
    image.fp.seek(position)
    return content


def _read_exif(image: Image.Image) -> Image.Exif:
    """Return the EXIF block, which some PNGs have as a text that Pillow doesn't read."""
    exif = image.getexif()
    text = image.info.get(APP1_PROFILE)
    if not len(exif) and isinstance(text, str):
        block = read_raw_profile(text) or b""
        if block.startswith(EXIF_NAME):
            exif.load(block)
    return exif


def read_orientation(image: Image.Image) -> int:
    """Return the EXIF orientation of an opened image, 1 (upright) to 8."""
    try:
        orientation = image.getexif().get(ORIENTATION, UPRIGHT)
    except EXIF_ERRORS:
        return UPRIGHT
    return orientation if orientation in range(1, 9) else UPRIGHT


def _reset_orientation(original: Image.Exif) -> bytes | None:
    """Return a copy of the EXIF block with the orientation reset; the original is still needed to turn the image."""
    if not len(original):
        return None
    exif = Image.Exif()
    exif.load(original.tobytes())
    if ORIENTATION in exif:
        exif[ORIENTATION] = UPRIGHT
    return exif.tobytes()


def _read_dpi(image: Image.Image) -> tuple[float, float] | None:
    try:
        across, down = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if 1 <= across <= 65535 and 1 <= down <= 65535 else None


def build_exif(
    metadata: Metadata, file_format: FileFormat, *, width: int, height: int, dpi: int | None
) -> bytes | None:
    """Build the EXIF block for a result of this size in px; `dpi`, if given, replaces the resolution."""
    if metadata.exif is None:
        return None
    exif = Image.Exif()
    try:
        exif.load(metadata.exif)
        for tag, length in ((IMAGE_WIDTH, width), (IMAGE_HEIGHT, height)):
            if tag in exif:
                exif[tag] = length
        _fit_details(exif.get_ifd(EXIF_IFD), width, height)
        if dpi:
            exif[X_RESOLUTION] = exif[Y_RESOLUTION] = float(dpi)
            exif[RESOLUTION_UNIT] = INCH_UNIT
        block = exif.tobytes()
    except EXIF_ERRORS:
        return None
    return block if len(block) <= MAX_EXIF_SIZES[file_format] else None


def _fit_details(details: dict[int, Any], width: int, height: int) -> None:
    """Set the size in px. Places in a picture of another size are left out."""
    if PIXEL_WIDTH not in details and PIXEL_HEIGHT not in details:
        return
    if (details.get(PIXEL_WIDTH), details.get(PIXEL_HEIGHT)) != (width, height):
        for place in (SUBJECT_AREA, SUBJECT_LOCATION):
            details.pop(place, None)
    details[PIXEL_WIDTH], details[PIXEL_HEIGHT] = width, height


def build_metadata_options(
    metadata: Metadata, file_format: FileFormat, *, width: int, height: int, dpi: int | None
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return Pillow's options that write EXIF and descriptions, and the names of what the format has no room for."""
    block = build_exif(metadata, file_format, width=width, height=height, dpi=dpi)
    descriptions = metadata.descriptions.fit_size(width=width, height=height, dpi=dpi)
    options: dict[str, Any] = {"exif": block}
    if file_format == "jpg":
        options["extra"], lost = build_segments(descriptions)
    else:
        chunks, lost = build_chunks(descriptions)
        options["pnginfo"] = PngInfo()
        for chunk in chunks:
            options["pnginfo"].add(chunk.name, chunk.data)
    too_large = metadata.exif is not None and block is None
    return options, (*(["EXIF"] if too_large else []), *lost)


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
