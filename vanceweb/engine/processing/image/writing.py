"""Atomic writing of results: format, quality, resolution, background and metadata."""

import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from vanceweb.catalogue.output import Colour, Output
from vanceweb.engine.processing.errors import ProcessingError
from vanceweb.engine.processing.image.arrays import Mask, Pixels
from vanceweb.engine.processing.image.colour_spaces import prepare_for_background
from vanceweb.engine.processing.image.metadata import build_metadata_options, select_profile
from vanceweb.engine.processing.image.picture import FileFormat, Picture
from vanceweb.engine.processing.image.progress import Report, ignore_progress
from vanceweb.engine.processing.messages import Message, gettext_noop
from vanceweb.lib.jpeg_parts import MAX_SIDE as JPEG_MAX_SIDE

JPEG_QUALITY = 95  # default; compression should not spoil the result of a network
JPEG_LEAST_QUALITY = 10  # below it, photos turn into flat blocks in wrong colours, and the file hardly shrinks any more
FULL_COLOUR_QUALITY = 90  # from this quality on, colour is kept at full resolution
PNG_LEVEL = 4  # of zlib's 9: within 3 % of level 6 for photos, in half the time
TOO_LARGE = gettext_noop("The result's format has no room for some of the picture's metadata: %(names)s.")
WHITE: Colour = (255, 255, 255)
STRIP_HEIGHT = 512  # rows composed at once
BYTES_PER_PIXEL = {"jpg": 0.6, "png": 2.0}  # of the file, for the progress: roughly those of a photo


@dataclass(frozen=True)
class WrittenFile:
    """A written file: its size in bytes, and notes for people on what it could not keep."""

    filesize: int
    notes: tuple[Message, ...]


def write_picture(
    picture: Picture, target: Path, file_format: FileFormat, output: Output, report: Report = ignore_progress
) -> WrittenFile:
    """Write `picture` to `target` through a hidden file beside it.

    Alpha is blended with `output.background`, or with white if the format has no alpha. Raises `ProcessingError`.
    """
    check_size(picture.width, picture.height, file_format)
    picture = prepare_for_background(picture, output.background)
    encode = picture.encoder or _encode_file
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    try:
        with partial.open("wb") as file:
            notes = encode(picture, file_format, output, file, report)
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
    return WrittenFile(filesize, notes)


def check_size(width: int, height: int, file_format: FileFormat) -> None:
    """Raise `ProcessingError` if the format cannot hold a picture of this size in px."""
    if file_format == "jpg" and max(width, height) > JPEG_MAX_SIDE:
        raise ProcessingError(
            gettext_noop(
                "The result would be %(width)s x %(height)s px; a JPG holds at most %(most)s px a side. PNG holds more."
            ),
            width=width,
            height=height,
            most=f"{JPEG_MAX_SIDE:,}",
        )


class ReportingFile:
    """A file that reports the fraction written of about `expected` bytes.

    Pillow encodes into a file without a descriptor piece by piece, so an exception of `report` ends the encoding.
    """

    def __init__(self, file: BinaryIO, expected: float, report: Report) -> None:
        self._file, self._expected, self._report, self._written = file, max(expected, 1.0), report, 0

    def write(self, content: Any) -> int:
        """Write the bytes, then report."""
        written = self._file.write(content)
        self._written += written
        self._report(min(self._written / self._expected, 1.0))
        return written


def _encode_file(
    picture: Picture, file_format: FileFormat, output: Output, file: BinaryIO, report: Report
) -> tuple[Message, ...]:
    image = to_image(picture, file_format, output.background)
    options, notes = build_save_options(picture, image.mode, file_format, output)
    save_image(image, options, file, report)
    return notes


def save_image(image: Image.Image, options: Mapping[str, Any], file: BinaryIO, report: Report) -> None:
    """Encode with these options of Pillow, and report the progress."""
    file_format = "jpg" if options["format"] == "JPEG" else "png"
    expected = image.width * image.height * BYTES_PER_PIXEL[file_format]
    image.save(cast(BinaryIO, ReportingFile(file, expected, report)), **options)


def to_image(picture: Picture, file_format: FileFormat, background: Colour | None) -> Image.Image:
    """Convert to an image of mode L, LA, RGB or RGBA, with alpha blended with `background` if necessary."""
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
    """Blend the colours with a background colour, strip by strip."""
    result = np.empty_like(colours)
    for top in range(0, colours.shape[0], STRIP_HEIGHT):
        rows = slice(top, top + STRIP_HEIGHT)
        share: npt.NDArray[np.float32] = alpha[rows, :, None].astype(np.float32) / np.float32(255)
        laid = colours[rows] * share + np.array(background, dtype=np.float32) * (1 - share)
        result[rows] = (laid + 0.5).astype(np.uint8)
    return result


def build_save_options(
    picture: Picture, mode: str, file_format: FileFormat, output: Output
) -> tuple[dict[str, Any], tuple[Message, ...]]:
    """Return Pillow's options for saving the picture in this mode, and notes on what the format cannot keep."""
    metadata, lost = build_metadata_options(
        picture.metadata, file_format, width=picture.width, height=picture.height, dpi=output.dpi
    )
    options: dict[str, Any] = {
        "format": "JPEG" if file_format == "jpg" else "PNG",
        "icc_profile": select_profile(picture.metadata, mode),
        "dpi": (output.dpi, output.dpi) if output.dpi else picture.metadata.dpi,
        **metadata,
    }
    if file_format == "jpg":
        quality = JPEG_QUALITY if output.quality is None else max(output.quality, JPEG_LEAST_QUALITY)
        options["quality"] = quality
        options["subsampling"] = 0 if quality >= FULL_COLOUR_QUALITY else 2
    else:
        options["compress_level"] = PNG_LEVEL
    notes = (*picture.metadata.attachments, *([Message(TOO_LARGE, names=", ".join(lost))] if lost else []))
    return {key: value for key, value in options.items() if value is not None}, notes
