"""compress: the smallest file at the requested quality, in the same format, with or without its metadata.

This module decides how the picture is written and does not change the picture itself. Below quality 100 a JPG is
quantised more coarsely, though never below `JPEG_LEAST_QUALITY`, and a PNG gets fewer colours or steps of brightness,
whichever is smallest within the error that the quality allows. At 100, and wherever loss saves little, the file is only
coded again. A file never becomes larger: at worst it is the input.

At 100, with metadata, the file also keeps what is behind its picture: gain maps, films, further pictures. Otherwise
these are left out with everything that points to them.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from PIL import Image, JpegImagePlugin

from vanceweb.catalogue.output import Output
from vanceweb.catalogue.parameters import Params
from vanceweb.engine.processing.compress.colour_reduction import reduce_colours
from vanceweb.engine.processing.compress.lossless import (
    optimise_jpeg,
    optimise_png,
    optimise_written_jpeg,
    strip_jpeg,
    strip_png,
)
from vanceweb.engine.processing.image.attachments import remove_attachments
from vanceweb.engine.processing.image.descriptions import NO_DESCRIPTIONS
from vanceweb.engine.processing.image.metadata import read_orientation
from vanceweb.engine.processing.image.picture import FileFormat, Picture
from vanceweb.engine.processing.image.progress import Report, ignore_progress, narrow_report, split_report
from vanceweb.engine.processing.image.writing import (
    FULL_COLOUR_QUALITY,
    JPEG_LEAST_QUALITY,
    build_save_options,
    save_image,
    to_image,
)
from vanceweb.engine.processing.inference.backends import Backend, Slot, Source
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.messages import Message

LOSSLESS_QUALITY = 100  # from which no sample changes
WORTHWHILE_RATIO = 0.97  # of the losslessly coded file; a smaller saving is not worth any loss
# Shares of the time: a JPG after its lossless coding and after its lossy one; a PNG's reduction of colours, writing,
# optimisation and, if that saved little, optimisation of the source.
LOSSLESS_SHARE, LOSSY_SHARE = 0.4, 0.7
PNG_WEIGHTS = (0.5, 0.1, 0.2, 0.2)
FULL_COLOUR, QUARTER_COLOUR = 0, 2  # Pillow's names of 4:4:4 and 4:2:0
Tables = dict[int, list[int]]


@dataclass(frozen=True)
class SourceFile:
    """The file that a picture came from, whose bytes may become the result."""

    file: bytes
    frame_count: int
    tables: Tables
    sampling: int
    orientation: int


def compress(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    """Return the same picture with an encoder that makes its file as small as `quality` 0-100 allows.

    With `keep_metadata` all of its metadata stay, otherwise the minimum.
    """
    quality, keep_metadata = int(params["quality"]), bool(params.get("keep_metadata", True))

    def write_file(
        picture: Picture, file_format: FileFormat, output: Output, file: BinaryIO, report: Report
    ) -> tuple[Message, ...]:
        content, notes = encode(picture, file_format, output, quality, keep_metadata, report)
        file.write(content)
        return notes

    report(1.0)
    if not keep_metadata:
        picture = replace(picture, metadata=replace(picture.metadata, exif=None, descriptions=NO_DESCRIPTIONS))
    return replace(picture, encoder=write_file).add_backends(OPTIMISERS.name)


def encode(
    picture: Picture,
    file_format: FileFormat,
    output: Output,
    quality: int,
    keep_metadata: bool,
    report: Report = ignore_progress,
) -> tuple[bytes, tuple[Message, ...]]:
    """Return the file, with all metadata or the minimum, and notes on what it could not keep.

    A quality in `output` is a further upper limit.
    """
    quality = quality if output.quality is None else min(quality, output.quality)
    source = _read_source(picture, file_format, output)
    keeps_file = source is not None and keep_metadata and quality >= LOSSLESS_QUALITY
    if source is not None and not keeps_file:
        source = _reduce_source(source, file_format, report, keep_metadata=keep_metadata)
    image = to_image(picture, file_format, output.background)
    options, notes = build_save_options(picture, image.mode, file_format, output)
    write = _encode_jpeg if file_format == "jpg" else _encode_png
    return write(image, options, quality, source, report), () if keeps_file else notes


def _read_source(picture: Picture, file_format: FileFormat, output: Output) -> SourceFile | None:
    """Return the picture's source, or None if picture or format have changed or the output sets something."""
    flattened = picture.alpha is not None and output.background is not None
    if picture.source is None or file_format != picture.file_format or flattened or output.dpi:
        return None
    with Image.open(picture.source) as image:
        jpeg = image if isinstance(image, JpegImagePlugin.JpegImageFile) else None
        tables = {number: list(table) for number, table in jpeg.quantization.items()} if jpeg else {}
        sampling = JpegImagePlugin.get_sampling(jpeg) if jpeg else -1
        frame_count = getattr(image, "n_frames", 1)
        orientation = read_orientation(image)
    return SourceFile(picture.source.read_bytes(), frame_count, tables, sampling, orientation)


def _reduce_source(
    source: SourceFile, file_format: FileFormat, report: Report, *, keep_metadata: bool
) -> SourceFile | None:
    """Return the source's picture alone; None if it must be encoded again to be without its metadata."""
    if not keep_metadata:
        return _strip_metadata(source, file_format, report)
    return replace(source, file=remove_attachments(source.file))


def _strip_metadata(source: SourceFile, file_format: FileFormat, report: Report) -> SourceFile | None:
    """Return the source without its metadata, or None if the picture must be encoded again for that."""
    if file_format == "jpg":
        file = strip_jpeg(source.file, source.orientation)
        return replace(source, file=file) if file else None
    # A PNG loses its orientation with the rest, so the picture itself must be turned.
    file = strip_png(source.file, report) if source.orientation == 1 else None
    return replace(source, file=file) if file else None


def _encode_jpeg(
    image: Image.Image, options: Mapping[str, Any], quality: int, source: SourceFile | None, report: Report
) -> bytes:
    candidates = []
    if source is not None:
        candidates.append(optimise_jpeg(source.file))
        report(LOSSLESS_SHARE)
    if source is None or quality < LOSSLESS_QUALITY:
        quantised = _quantise_jpeg(image, options, quality, source, narrow_report(report, LOSSLESS_SHARE, LOSSY_SHARE))
        candidates.append(optimise_written_jpeg(quantised))
    report(1.0)
    return _prefer_lossless(candidates)


def _quantise_jpeg(
    image: Image.Image, options: Mapping[str, Any], quality: int, source: SourceFile | None, report: Report
) -> bytes:
    """Encode with the tables of the quality, but nowhere finer than the source's, so that its losses take no bits."""
    tables = _get_quantisation_tables(image.mode, max(quality, JPEG_LEAST_QUALITY))
    sampling = FULL_COLOUR if quality >= FULL_COLOUR_QUALITY else QUARTER_COLOUR
    if source is not None:
        if len(source.tables) == len(tables):
            tables = {n: [max(pair) for pair in zip(tables[n], source.tables[n], strict=True)] for n in tables}
        sampling = QUARTER_COLOUR if source.sampling == QUARTER_COLOUR else sampling
    file = io.BytesIO()
    # Together with tables, a quality would scale them; -1 leaves them as they are.
    settings = {"quality": -1, "qtables": tables, "subsampling": sampling, "optimize": True, "progressive": True}
    save_image(image, {**options, **settings}, file, report)
    return file.getvalue()


def _get_quantisation_tables(mode: str, quality: int) -> Tables:
    file = io.BytesIO()
    Image.new(mode, (8, 8)).save(file, "JPEG", quality=quality)
    with Image.open(file) as image:
        if not isinstance(image, JpegImagePlugin.JpegImageFile):
            raise TypeError("a JPEG just written is not one")
        return {number: list(table) for number, table in image.quantization.items()}


def _encode_png(
    image: Image.Image, options: Mapping[str, Any], quality: int, source: SourceFile | None, report: Report
) -> bytes:
    pixels = image.width * image.height
    if source is not None and (quality >= LOSSLESS_QUALITY or source.frame_count > 1):
        return optimise_png(source.file, pixels, report)
    reducing, writing, optimising, recoding = split_report(report, PNG_WEIGHTS)
    reduced = image if quality >= LOSSLESS_QUALITY else reduce_colours(image, quality, reducing)
    file = io.BytesIO()
    save_image(reduced, options, file, writing)
    written = optimise_png(file.getvalue(), pixels, optimising)
    if source is None or (reduced is not image and len(written) < WORTHWHILE_RATIO * len(source.file)):
        return written
    return _prefer_lossless([optimise_png(source.file, pixels, recoding), written])


def _prefer_lossless(candidates: list[bytes]) -> bytes:
    """Return the first candidate, which is lossless, unless another is clearly smaller."""
    first, *others = candidates
    return min((other for other in others if len(other) < WORTHWHILE_RATIO * len(first)), key=len, default=first)


OPTIMISERS = Backend(name="mozjpeg, oxipng", source=Source.NONE, licence="BSD-3-Clause, MIT", run=compress)
FILE = Slot("file", ("compress",), (OPTIMISERS,))
