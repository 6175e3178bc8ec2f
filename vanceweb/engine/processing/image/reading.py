"""Reading of JPG and PNG files: any mode becomes upright 8-bit colours and, if present, alpha."""

import struct
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from vanceweb.engine.processing.errors import ProcessingError
from vanceweb.engine.processing.image.arrays import Mask, Pixels
from vanceweb.engine.processing.image.metadata import convert_cmyk_to_rgb, read_metadata
from vanceweb.engine.processing.image.picture import FileFormat, Picture
from vanceweb.engine.processing.messages import gettext_noop

FORMATS: dict[str, FileFormat] = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png"}  # MPO: a JPG followed by more pictures
GREY_MODES = frozenset({"1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "I;16N", "F"})
SIXTEEN_BIT_MODES = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})
DECODER_ERRORS = (OSError, SyntaxError, ValueError, EOFError, OverflowError, struct.error, Image.DecompressionBombError)


def read_picture(path: Path) -> Picture:
    """Read the first picture of a JPG or PNG file and turn it upright. Raises `ProcessingError`."""
    try:
        with Image.open(path) as image:
            if image.format not in FORMATS:
                raise ProcessingError(
                    gettext_noop("The file is %(format)s; only JPG and PNG can be processed."), format=image.format
                )
            metadata = read_metadata(image)
            image.load()
            upright = ImageOps.exif_transpose(image)
            colours, alpha = _extract_pixels(upright, metadata.icc)
            if image.mode == "CMYK":
                metadata = replace(metadata, icc=None)
            return Picture(colours, alpha, image.mode in GREY_MODES, FORMATS[image.format], metadata, path)
    except DECODER_ERRORS as error:
        raise ProcessingError(gettext_noop("The picture cannot be read; the file is damaged or incomplete.")) from error


def _extract_pixels(image: Image.Image, icc: bytes | None) -> tuple[Pixels, Mask | None]:
    if image.mode in SIXTEEN_BIT_MODES:
        return _convert_grey_to_rgb(_reduce_to_8_bit(image)), None
    if image.mode == "CMYK":
        return np.array(convert_cmyk_to_rgb(image, icc)), None
    if image.has_transparency_data:
        samples = np.asarray(image.convert("RGBA"))
        return np.ascontiguousarray(samples[:, :, :3]), np.ascontiguousarray(samples[:, :, 3])
    if image.mode in GREY_MODES:
        return _convert_grey_to_rgb(np.asarray(image.convert("L"))), None
    return np.array(image.convert("RGB")), None


def _reduce_to_8_bit(image: Image.Image) -> Mask:
    """Reduce 16-bit grey to 8 bits, rounded, for Pillow's own conversion clips at 255."""
    samples = np.clip(np.asarray(image), 0, 65535).astype(np.uint32)
    return np.asarray((samples + 128) // 257, dtype=np.uint8)


def _convert_grey_to_rgb(grey: Mask) -> Pixels:
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(grey), cv2.COLOR_GRAY2RGB), dtype=np.uint8)
