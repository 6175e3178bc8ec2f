"""Archives are whole and are sent while they are written."""

import io
import zipfile
from collections.abc import Iterator

from vanceweb.lib.zip_stream import stream_zip


def test_an_archive_has_all_files_under_their_names() -> None:
    files = {"a.json": [b"{", b"}"], "pictures/studio/ä.png": [b"x" * 100_000], "empty": []}
    archive = zipfile.ZipFile(io.BytesIO(b"".join(stream_zip(files.items()))))
    assert archive.testzip() is None
    assert {name: archive.read(name) for name in archive.namelist()} == {
        name: b"".join(pieces) for name, pieces in files.items()
    }


def test_no_archive_is_held_in_memory() -> None:
    read = 0

    def read_pieces() -> Iterator[bytes]:
        nonlocal read
        for _ in range(100):
            read += 1
            yield b"x" * 10_000

    sent = 0
    for piece in stream_zip([("large", read_pieces())]):
        sent += len(piece)
        assert sent <= read * 10_000 + 1_000
        assert len(piece) <= 10_000 + 1_000
    assert read == 100
    assert sent > 1_000_000


def test_an_archive_of_nothing_can_be_opened() -> None:
    assert zipfile.ZipFile(io.BytesIO(b"".join(stream_zip([])))).namelist() == []
