"""Errors of a full or read-only disk are told from all others, wherever in a chain they are."""

import errno
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection

from vanceweb.lib.folder_storage import FolderStorage
from vanceweb.lib.storage_faults import FULL, READ_ONLY, StorageFault, find_fault


@pytest.mark.parametrize(
    ("number", "file", "expected"),
    [
        (errno.ENOSPC, "/anywhere", FULL),
        (errno.EDQUOT, None, FULL),
        (errno.EFBIG, None, FULL),
        (errno.EROFS, "/anywhere", READ_ONLY),
        (errno.EACCES, "media/a", READ_ONLY),
        (errno.EPERM, "tmp", READ_ONLY),
        (errno.EACCES, "/etc/shadow", None),
        (errno.EACCES, None, None),
        (errno.EIO, "media/a", None),
        (errno.ENOENT, "media/a", None),
    ],
)
def test_errors_of_files(number: int, file: str | None, expected: StorageFault | None, settings: Any) -> None:
    path = None if file is None else str(Path(settings.DATA_DIR) / file)
    assert find_fault(OSError(number, "words", path)) is expected


def test_a_fault_is_found_behind_other_errors() -> None:
    outer, middle = RuntimeError("outer"), ValueError("the file couldn't be stored")
    outer.__cause__, middle.__context__ = middle, OSError(errno.ENOSPC, "No space left on device")
    assert find_fault(outer) is FULL
    loop = ValueError()
    loop.__cause__ = loop
    assert find_fault(loop) is None
    assert find_fault(None) is None


def test_a_full_and_a_read_only_sqlite_database(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a") as database:
        database.execute("CREATE TABLE t (x)")
        database.execute("PRAGMA max_page_count = 2")
        with pytest.raises(sqlite3.OperationalError) as full:
            database.execute("INSERT INTO t VALUES (zeroblob(100000))")
    reader = sqlite3.connect(f"file:{tmp_path / 'a'}?mode=ro", uri=True)
    with pytest.raises(sqlite3.OperationalError) as read_only:
        reader.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(sqlite3.OperationalError) as missing:
        sqlite3.connect(tmp_path / "nowhere" / "a")
    assert [find_fault(caught.value) for caught in (full, read_only, missing)] == [FULL, READ_ONLY, READ_ONLY]
    assert find_fault(sqlite3.OperationalError("database is locked")) is None


@pytest.mark.django_db
def test_postgresql_says_it_by_its_state(postgresql: None) -> None:
    with pytest.raises(Exception, match="read-only transaction") as caught, connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY; DELETE FROM teams_user")
    assert find_fault(caught.value) is READ_ONLY
    assert find_fault(OperationalError("gone")) is None


def test_30_nothing_of_a_file_that_breaks_off_stays(tmp_path: Path) -> None:
    class Broken:
        def chunks(self) -> Any:
            yield b"half"
            raise OSError(errno.ENOSPC, "No space left on device")

    storage = FolderStorage(tmp_path)
    with pytest.raises(OSError, match="No space left"):
        storage._save("a/b.png", Broken())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
