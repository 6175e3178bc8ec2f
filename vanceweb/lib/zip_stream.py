"""ZIP archives that are sent while they are written: neither memory nor the disk ever holds a whole one."""

import io
import zipfile
from collections.abc import Iterable, Iterator

# As much of a file as is read at a time, bytes.
CHUNK_BYTES = 64 * 1024


class _Outlet(io.RawIOBase):
    """The place between the archive's writer and its reader. It can't be sought, so sizes follow each file."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._written.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken = b"".join(self._written)
        self._written.clear()
        return taken


def stream_zip(files: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """Yield the bytes of an archive of the files, each a name with slashes and its content in pieces.

    They are stored as they are: pictures are compressed already.
    """
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w") as archive:
        for name, pieces in files:
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
                for piece in pieces:
                    member.write(piece)
                    yield outlet.take()
            yield outlet.take()
    yield outlet.take()
