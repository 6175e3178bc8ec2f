"""Copies of the SQLite database, stored beside it before migrations change it."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from django.db import connection

# Enough to go back a few updates. Repeated attempts at one update overwrite the same copy.
KEPT_COPIES = 3


class NotCopied(Exception):
    """The copy couldn't be made; the message names its file and the reason."""


def copy_database(migration: str) -> Path | None:
    """Copy the SQLite database beside itself, named for the first migration that will change it.

    The copy includes what is still in the write-ahead log and is one file without a log. Afterwards delete all but the
    newest copies. Return the path of the copy, None if the database isn't a SQLite file. Raise NotCopied, without
    leaving a part of the copy and without changing an older copy of that name.
    """
    database = _get_file()
    if database is None:
        return None
    copy = _get_copy(database, migration)
    draft = copy.with_name(f"{copy.name}.part")
    connection.ensure_connection()
    try:
        draft.unlink(missing_ok=True)
        # It contains tokens and password hashes.
        draft.touch(mode=0o600)
        with closing(sqlite3.connect(draft)) as target:
            connection.connection.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")
        shutil.copymode(database, draft)
        draft.replace(copy)
    except (OSError, sqlite3.Error) as error:
        draft.unlink(missing_ok=True)
        reason = error.strerror if isinstance(error, OSError) else error
        raise NotCopied(f"it could not be copied to {copy}: {reason}") from error
    for outdated in sorted(database.parent.glob(f"{database.name}.before-*"), key=_get_age)[KEPT_COPIES:]:
        outdated.unlink()
    return copy


def find_copy(migrations: list[str]) -> Path | None:
    """Return the oldest copy made before one of these migrations, None without such a copy."""
    database = _get_file()
    if database is None:
        return None
    copies = (_get_copy(database, migration) for migration in migrations)
    return max((copy for copy in copies if copy.is_file()), key=_get_age, default=None)


def _get_file() -> Path | None:
    """Return the path of the SQLite database, None if the database isn't a file."""
    file = Path(str(connection.settings_dict["NAME"]))
    return file if connection.vendor == "sqlite" and file.is_file() else None


def _get_copy(database: Path, migration: str) -> Path:
    return database.with_name(f"{database.name}.before-{migration}")


def _get_age(file: Path) -> int:
    """Return a sort key, smaller for newer files."""
    return -file.stat().st_mtime_ns
