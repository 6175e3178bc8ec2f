"""compress: the smallest file at the quality asked for, in the same format, with its metadata or without.

The picture itself is not touched; how it is written is decided here. Below quality 100 a JPG is quantised more coarsely
and a PNG drawn in fewer colours or steps of brightness, whichever is smallest within the error that the quality allows.
At 100, and wherever loss wins little, only the coding is done again. A file never becomes larger: at worst it is the
input.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from PIL import Image, JpegImagePlugin

from vanceweb.catalogue.output import Output
from vanceweb.catalogue.parameters import Params
from vanceweb.engine.processing.compress.colour_reduction import reduced
from vanceweb.engine.processing.compress.lossless import bare_jpeg, bare_png, smaller_jpeg, smaller_png
from vanceweb.engine.processing.image.metadata import read_orientation
from vanceweb.engine.processing.image.picture import FileFormat, Picture
from vanceweb.engine.processing.image.tiles import Report
from vanceweb.engine.processing.image.writing import FULL_COLOUR_FROM, build_save_options, to_image
from vanceweb.engine.processing.inference.backends import Backend, Slot, Source
from vanceweb.engine.processing.inference.registry import NetworkRegistry

LOSSLESS = 100  # quality from which no sample changes
WORTH = 0.97  # of the file coded anew: what saves less than the rest is not worth any loss
FULL_COLOUR, QUARTER_COLOUR = 0, 2  # Pillow's names of 4:4:4 and 4:2:0
Tables = dict[int, list[int]]


@dataclass(frozen=True)
class SourceFile:
    """The bytes of the file a picture came from, where they may be what is handed out."""

    file: bytes
    pictures: int
    tables: Tables
    sampling: int
    orientation: int


def compress(picture: Picture, params: Params, networks: NetworkRegistry, report: Report) -> Picture:
    """The same picture, to be written as small as `quality` 0-100 allows, with all of its metadata or the least."""
    quality, whole = int(params["quality"]), bool(params.get("keep_metadata", True))

    def encode(picture: Picture, file_format: FileFormat, output: Output, file: BinaryIO) -> None:
        file.write(encoded(picture, file_format, output, quality, whole))

    report(1.0)
    if not whole:
        picture = replace(picture, metadata=replace(picture.metadata, exif=None))
    return replace(picture, encoder=encode).add_backends(OPTIMISERS.name)


def encoded(picture: Picture, file_format: FileFormat, output: Output, quality: int, whole: bool) -> bytes:
    """The file, with the `whole` metadata or the least. A quality that `output` names too is a limit; both hold."""
    quality = quality if output.quality is None else min(quality, output.quality)
    source = _source(picture, file_format, output)
    if source is not None and not whole:
        source = _bare(source, file_format)
    image = to_image(picture, file_format, output.background)
    options = build_save_options(picture, image.mode, file_format, output)
    if file_format == "jpg":
        return _jpeg(image, options, quality, source)
    return _png(image, options, quality, source)


def _source(picture: Picture, file_format: FileFormat, output: Output) -> SourceFile | None:
    """The file the picture came from, if it is still the same picture in the same format, and nothing is to be set."""
    flattened = picture.alpha is not None and output.background is not None
    if picture.source is None or file_format != picture.file_format or flattened or output.dpi:
        return None
    with Image.open(picture.source) as image:
        jpeg = image if isinstance(image, JpegImagePlugin.JpegImageFile) else None
        tables = {number: list(table) for number, table in jpeg.quantization.items()} if jpeg else {}
        sampling = JpegImagePlugin.get_sampling(jpeg) if jpeg else -1
        pictures = getattr(image, "n_frames", 1)
        orientation = read_orientation(image)
    return SourceFile(picture.source.read_bytes(), pictures, tables, sampling, orientation)


def _bare(source: SourceFile, file_format: FileFormat) -> SourceFile | None:
    """Without its metadata. None where that can't be done to the file as it is: then the picture is written anew."""
    if file_format == "jpg":
        file = bare_jpeg(source.file, source.orientation)
        return replace(source, file=file, pictures=1) if file else None
    # A PNG's orientation goes with the rest, so the picture has to be turned itself.
    file = bare_png(source.file) if source.orientation == 1 else None
    return replace(source, file=file) if file else None


def _jpeg(image: Image.Image, options: Mapping[str, Any], quality: int, source: SourceFile | None) -> bytes:
    candidates = []
    if source is not None:
        # The index of an MPO's further pictures would point astray.
        candidates.append(source.file if source.pictures > 1 else smaller_jpeg(source.file))
    if source is None or quality < LOSSLESS:
        candidates.append(smaller_jpeg(_quantised(image, options, quality, source)))
    return _worthwhile(candidates)


def _quantised(image: Image.Image, options: Mapping[str, Any], quality: int, source: SourceFile | None) -> bytes:
    """With the tables of the quality, nowhere finer than the source's: what it has lost needs no bits."""
    tables = _tables(image.mode, max(quality, 1))
    sampling = FULL_COLOUR if quality >= FULL_COLOUR_FROM else QUARTER_COLOUR
    if source is not None:
        if len(source.tables) == len(tables):
            tables = {n: [max(pair) for pair in zip(tables[n], source.tables[n], strict=True)] for n in tables}
        sampling = QUARTER_COLOUR if source.sampling == QUARTER_COLOUR else sampling
    file = io.BytesIO()
    # A quality beside tables would scale them; -1 leaves them as they are.
    settings = {"quality": -1, "qtables": tables, "subsampling": sampling, "optimize": True, "progressive": True}
    image.save(file, **{**options, **settings})
    return file.getvalue()


def _tables(mode: str, quality: int) -> Tables:
    file = io.BytesIO()
    Image.new(mode, (8, 8)).save(file, "JPEG", quality=quality)
    with Image.open(file) as image:
        if not isinstance(image, JpegImagePlugin.JpegImageFile):
            raise TypeError("a JPEG just written is not one")
        return {number: list(table) for number, table in image.quantization.items()}


def _png(image: Image.Image, options: Mapping[str, Any], quality: int, source: SourceFile | None) -> bytes:
    pixels = image.width * image.height
    if source is not None and (quality >= LOSSLESS or source.pictures > 1):
        return smaller_png(source.file, pixels)
    smaller = image if quality >= LOSSLESS else reduced(image, quality)
    file = io.BytesIO()
    smaller.save(file, **options)
    written = smaller_png(file.getvalue(), pixels)
    if source is None or (smaller is not image and len(written) < WORTH * len(source.file)):
        return written
    return _worthwhile([smaller_png(source.file, pixels), written])


def _worthwhile(candidates: list[bytes]) -> bytes:
    """The first, which lost nothing, unless the other is clearly smaller."""
    first, *others = candidates
    return min((other for other in others if len(other) < WORTH * len(first)), key=len, default=first)


OPTIMISERS = Backend(name="mozjpeg, oxipng", source=Source.NONE, licence="BSD-3-Clause, MIT", run=compress)
FILE = Slot("file", ("compress",), (OPTIMISERS,))
