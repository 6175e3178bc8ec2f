"""Streaming of uploads into temporary files, of which none stays when the disk is full."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class CarefulUploadHandler(TemporaryFileUploadHandler):
    """Django's handler, except that it removes its file at once when it can't write to it."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        with self._remove_file_on_error():
            super().receive_data_chunk(raw_data, start)
        return None

    def file_complete(self, file_size: int) -> "UploadedFile[Any] | None":
        with self._remove_file_on_error():  # the last bytes are written here
            return super().file_complete(file_size)

    @contextmanager
    def _remove_file_on_error(self) -> Iterator[None]:
        """Close the file, which removes it. By itself that happens when nothing refers to the error any more."""
        try:
            yield
        except OSError:
            with suppress(OSError):
                self.file.close()
            raise
