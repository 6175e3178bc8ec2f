"""Opening a picture: any mode a JPG or PNG can have becomes upright 8-bit colours and, where there is one, alpha."""

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

FORMATS: dict[str, FileFormat] = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png"}  # MPO: a JPG with more pictures behind it
GREY_MODES = frozenset({"1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "I;16N", "F"})
SIXTEEN_BIT = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})
DECODER_ERRORS = (OSError, SyntaxError, ValueError, EOFError, OverflowError, struct.error, Image.DecompressionBombError)


def read_picture(path: Path) -> Picture:
    """Read the first picture of a JPG or PNG file, turned upright. Raises `ProcessingError` if that can't be done."""
    try:
        with Image.open(path) as image:
            if image.format not in FORMATS:
                raise ProcessingError(
                    gettext_noop("The file is %(format)s; JPG and PNG can be processed."), format=image.format
                )
            metadata = read_metadata(image)
            image.load()
            upright = ImageOps.exif_transpose(image)
            colours, alpha = _pixels(upright, metadata.icc)
            if image.mode == "CMYK":
                metadata = replace(metadata, icc=None)
            return Picture(colours, alpha, image.mode in GREY_MODES, FORMATS[image.format], metadata, path)
    except DECODER_ERRORS as error:
        raise ProcessingError(gettext_noop("The picture cannot be read; the file is damaged or incomplete.")) from error


def _pixels(image: Image.Image, icc: bytes | None) -> tuple[Pixels, Mask | None]:
    if image.mode in SIXTEEN_BIT:
        return _three(_eight_bit(image)), None
    if image.mode == "CMYK":
        return np.array(convert_cmyk_to_rgb(image, icc)), None
    if image.has_transparency_data:
        samples = np.asarray(image.convert("RGBA"))
        return np.ascontiguousarray(samples[:, :, :3]), np.ascontiguousarray(samples[:, :, 3])
    if image.mode in GREY_MODES:
        return _three(np.asarray(image.convert("L"))), None
    return np.array(image.convert("RGB")), None


def _eight_bit(image: Image.Image) -> Mask:
    """16-bit grey, rounded. (Pillow's own conversion clips at 255.)"""
    samples = np.clip(np.asarray(image), 0, 65535).astype(np.uint32)
    return np.asarray((samples + 128) // 257, dtype=np.uint8)


def _three(grey: Mask) -> Pixels:
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(grey), cv2.COLOR_GRAY2RGB), dtype=np.uint8)
