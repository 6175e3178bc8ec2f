"""Pictures without the damaged metadata that keep a strict reader from their pixels.

Editors, messengers and transfers damage texts and profiles; every viewer skips those. Damage to what the picture itself
needs is left in place for the decoder to find.
"""

import io
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO, cast

from vanceweb.lib.jpeg_parts import find_unsound_segments
from vanceweb.lib.picture_formats import SIGNATURE_BYTES, detect_format
from vanceweb.lib.png_parts import TooManyChunks, find_unsound_chunks

READ_BUFFER_BYTES = 64 * 1024


def open_mended(file: BinaryIO) -> BinaryIO:
    """Return a view of the file without its damaged metadata, or `file` itself, at its start, if none is.

    The view reads from `file`, which must stay open and isn't closed with it. Only JPG and PNG are looked into.
    """
    filesize = file.seek(0, io.SEEK_END)
    file.seek(0)
    format = detect_format(file.read(SIGNATURE_BYTES))
    unsound = _find_unsound_spans(file, filesize, format)
    file.seek(0)
    if not unsound:
        return file
    return cast(BinaryIO, io.BufferedReader(PartsReader(file, _invert(unsound, filesize)), READ_BUFFER_BYTES))


def _find_unsound_spans(file: BinaryIO, filesize: int, format: str | None) -> list[range]:
    if format == "JPEG":
        return [segment.span for segment in find_unsound_segments(file)]
    if format == "PNG":
        try:
            return [chunk.span for chunk in find_unsound_chunks(file, filesize)]
        except TooManyChunks:
            # Nothing is mended that is refused for this.
            return []
    return []


def _invert(spans: Iterable[range], filesize: int) -> list[range]:
    """Return the spans of a file of this size that lie between these ordered ones."""
    kept, position = [], 0
    for span in spans:
        kept.append(range(position, max(span.start, position)))
        position = max(span.stop, position)
    return [span for span in (*kept, range(position, filesize)) if span]


class PartsReader(io.RawIOBase):
    """Reads spans of a file one after the other, as if they were all of it."""

    def __init__(self, file: BinaryIO, spans: Sequence[range]) -> None:
        self._file, self._spans, self._position = file, spans, 0
        self._size = sum(len(span) for span in spans)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origins = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}
        self._position = max(0, origins[whence] + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        position = self._position
        for span in self._spans:
            if position < len(span):
                self._file.seek(span.start + position)
                content = self._file.read(min(len(buffer), len(span) - position))
                buffer[: len(content)] = content
                self._position += len(content)
                return len(content)
            position -= len(span)
        return 0
