"""Writing a result: format, quality, resolution, background, metadata; whole or not at all."""

import os
import uuid
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from vanceweb.catalogue.output import Colour, Output
from vanceweb.engine.processing.errors import ProcessingError
from vanceweb.engine.processing.image.arrays import Mask, Pixels
from vanceweb.engine.processing.image.metadata import build_exif, select_profile
from vanceweb.engine.processing.image.picture import FileFormat, Picture
from vanceweb.engine.processing.messages import gettext_noop

JPEG_QUALITY = 95  # where nothing is asked for: what a network made should not be worn at once
FULL_COLOUR_FROM = 90  # quality from which colour is kept at full resolution
JPEG_LONGEST = 65_500  # px of a side: libjpeg's JPEG_MAX_DIMENSION
PNG_LEVEL = 4  # of zlib's 9: within 3 % of level 6 for photos, in half the time
WHITE: Colour = (255, 255, 255)
STRIP = 512  # rows composed at once


def write_picture(picture: Picture, target: Path, file_format: FileFormat, output: Output) -> int:
    """Write `picture` to `target` by way of a hidden file beside it; gives the file's size in bytes.

    Alpha is laid on `output.background`, or on white where the format has none. Raises `ProcessingError`.
    """
    check_size(picture.width, picture.height, file_format)
    encode = picture.encoder or _encode
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    try:
        with partial.open("wb") as file:
            encode(picture, file_format, output, file)
            file.flush()
            os.fsync(file.fileno())
        filesize = partial.stat().st_size
        partial.replace(target)
    except OSError as error:
        raise ProcessingError(
            gettext_noop("The result cannot be written: %(reason)s."), reason=error.strerror or error
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return filesize


def check_size(width: int, height: int, file_format: FileFormat) -> None:
    """Raises `ProcessingError` when the format cannot hold a picture of this size in px."""
    if file_format == "jpg" and max(width, height) > JPEG_LONGEST:
        raise ProcessingError(
            gettext_noop(
                "The result would be %(width)s x %(height)s px; a JPG holds %(most)s px a side. PNG holds more."
            ),
            width=width,
            height=height,
            most=f"{JPEG_LONGEST:,}",
        )


def _encode(picture: Picture, file_format: FileFormat, output: Output, file: BinaryIO) -> None:
    image = to_image(picture, file_format, output.background)
    image.save(file, **build_save_options(picture, image.mode, file_format, output))


def to_image(picture: Picture, file_format: FileFormat, background: Colour | None) -> Image.Image:
    """The picture as the format holds it: of mode L, LA, RGB or RGBA, alpha laid on `background` where need be."""
    colours, alpha, grey = picture.colours, picture.alpha, picture.grey
    if alpha is not None and (background is not None or file_format == "jpg"):
        backdrop = background or WHITE
        colours, alpha = compose(colours, alpha, backdrop), None
        grey = grey and len(set(backdrop)) == 1
    if grey:
        luma = cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY)
        return Image.fromarray(luma if alpha is None else np.dstack([luma, alpha]))
    return Image.fromarray(colours if alpha is None else np.dstack([colours, alpha]))


def compose(colours: Pixels, alpha: Mask, background: Colour) -> Pixels:
    """The colours laid over one colour, strip by strip."""
    result = np.empty_like(colours)
    for top in range(0, colours.shape[0], STRIP):
        rows = slice(top, top + STRIP)
        share: npt.NDArray[np.float32] = alpha[rows, :, None].astype(np.float32) / np.float32(255)
        laid = colours[rows] * share + np.array(background, dtype=np.float32) * (1 - share)
        result[rows] = (laid + 0.5).astype(np.uint8)
    return result


def build_save_options(picture: Picture, mode: str, file_format: FileFormat, output: Output) -> dict[str, Any]:
    """What Pillow is to be told when it saves the picture in this mode."""
    dpi = (output.dpi, output.dpi) if output.dpi else picture.metadata.dpi
    options: dict[str, Any] = {
        "format": "JPEG" if file_format == "jpg" else "PNG",
        "exif": build_exif(picture.metadata, width=picture.width, height=picture.height, dpi=output.dpi),
        "icc_profile": select_profile(picture.metadata, mode),
        "dpi": dpi,
    }
    if file_format == "jpg":
        quality = JPEG_QUALITY if output.quality is None else max(output.quality, 1)
        options["quality"] = quality
        options["subsampling"] = 0 if quality >= FULL_COLOUR_FROM else 2
    else:
        options["compress_level"] = PNG_LEVEL
    return {key: value for key, value in options.items() if value is not None}
