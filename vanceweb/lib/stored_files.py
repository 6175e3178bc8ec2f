"""Reading a file of any storage from the beginning or from its middle, without holding it in memory."""

from typing import BinaryIO, Protocol, cast, runtime_checkable

from django.core.files.storage import Storage

from vanceweb.lib.byte_ranges import ByteRange

# Bytes per chunk of a response: large, so that 100 MB need few calls.
SEND_BLOCK = 256 * 1024


@runtime_checkable
class StreamingStorage(Protocol):
    """A storage that sends a part of a file by itself, so that nothing before it has to be fetched."""

    def open_stream(self, name: str, *, first: int = 0, count: int | None = None) -> BinaryIO: ...


class BoundedReader:
    """The next `count` bytes of a file."""

    def __init__(self, file: BinaryIO, count: int) -> None:
        self._file = file
        self._left = count

    def read(self, size: int = -1) -> bytes:
        """Return at most `size` bytes; all that are left if it is negative, and none at the end."""
        content = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(content)
        return content

    def close(self) -> None:
        """Close the file, too."""
        self._file.close()


def open_stored(storage: Storage, name: str, part: ByteRange | None = None) -> BinaryIO:
    """Open the file, or a part of it, for reading in order, as for a response. Raise FileNotFoundError or OSError."""
    if isinstance(storage, StreamingStorage):
        return storage.open_stream(name, first=part.first, count=part.count) if part else storage.open_stream(name)
    file = storage.open(name, "rb")
    if part is None:
        return cast(BinaryIO, file)
    file.seek(part.first)
    return cast(BinaryIO, BoundedReader(cast(BinaryIO, file), part.count))
