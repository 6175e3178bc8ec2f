"""Reading of JPG and PNG files: any mode becomes upright 8-bit colours and, if present, alpha."""

import struct
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from PIL import Image, ImageFile, ImageOps

from vanceweb.engine.processing.errors import ProcessingError
from vanceweb.engine.processing.image.arrays import Mask, Pixels
from vanceweb.engine.processing.image.colour_spaces import convert_grey, decode_colours
from vanceweb.engine.processing.image.metadata import convert_cmyk_to_rgb, read_metadata
from vanceweb.engine.processing.image.picture import FileFormat, Metadata, Picture
from vanceweb.engine.processing.image.samples import GREY_MODES, Samples, read_samples
from vanceweb.engine.processing.messages import gettext_noop
from vanceweb.lib.colour_encodings import find_encoding
from vanceweb.lib.colour_profiles import RGB, get_profile_space
from vanceweb.lib.png_outline import PngOutline, read_png_outline

FORMATS: dict[str, FileFormat] = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png"}  # MPO: a JPG followed by more pictures
DECODER_ERRORS = (OSError, SyntaxError, ValueError, EOFError, OverflowError, struct.error, Image.DecompressionBombError)


def read_picture(path: Path) -> Picture:
    """Read the first picture of a JPG or PNG file and turn it upright. Raises `ProcessingError`.

    A profile stays, for the result can have it, too. Colours that a PNG encodes in another way become sRGB.
    """
    try:
        with path.open("rb") as file:
            outline = read_png_outline(file)
            file.seek(0)
            with Image.open(file) as image:
                if image.format not in FORMATS:
                    raise ProcessingError(
                        gettext_noop("The file is %(format)s; only JPG and PNG can be processed."), format=image.format
                    )
                file_format, grey = FORMATS[image.format], image.mode in GREY_MODES or outline.is_grey
                colours, alpha, metadata = _read_colours(image, outline, file, grey=grey)
                return Picture(colours, alpha, grey, file_format, metadata, path)
    except DECODER_ERRORS as error:
        raise ProcessingError(gettext_noop("The picture cannot be read; the file is damaged or incomplete.")) from error


def _read_colours(
    image: ImageFile.ImageFile, outline: PngOutline, file: BinaryIO, *, grey: bool
) -> tuple[Pixels, Mask | None, Metadata]:
    """Return colours, alpha and metadata, without a profile that has been applied or doesn't count."""
    metadata = read_metadata(image)
    if image.mode == "CMYK":
        image.load()
        colours = np.array(convert_cmyk_to_rgb(ImageOps.exif_transpose(image), metadata.icc))
        return colours, None, replace(metadata, icc=None)
    space = get_profile_space(metadata.icc)
    encoding, profile_counts = find_encoding(outline, has_profile=space is not None)
    samples, alpha = read_samples(image, outline, file, exact=encoding is not None)
    colours = _to_pixels(samples) if encoding is None else decode_colours(samples, encoding)
    if profile_counts and grey and space == RGB and metadata.icc is not None:
        # Browsers apply it, but a grey result can't have it.
        converted = convert_grey(colours, metadata.icc)
        colours, profile_counts = colours if converted is None else converted, False
    return colours, alpha, metadata if profile_counts else replace(metadata, icc=None)


def _to_pixels(samples: Samples) -> Pixels:
    """Reduce samples of 16 bits to 8, rounded, and make grey three channels."""
    levels = samples if samples.dtype == np.uint8 else _reduce_to_8_bit(samples)
    if levels.ndim == 3:
        return np.ascontiguousarray(levels, dtype=np.uint8)
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(levels), cv2.COLOR_GRAY2RGB), dtype=np.uint8)


def _reduce_to_8_bit(samples: Samples) -> Samples:
    return np.asarray((samples.astype(np.uint32) + 128) // 257, dtype=np.uint8)
