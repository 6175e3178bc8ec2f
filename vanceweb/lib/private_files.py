"""Files and folders that only the site's user may open: the database, keys, pictures, uploads on their way."""

import os
import stat
from collections.abc import Iterator, Mapping
from glob import escape
from pathlib import Path
from typing import Any

FILE_MODE = 0o600
FOLDER_MODE = 0o700
# What SQLite keeps beside a database, and the copies from before updates (ops/database_copies.py): they contain the
# same rows.
BESIDE_A_DATABASE = ("", "-wal", "-shm", "-journal", ".before-*")


def create_private_folder(folder: Path) -> None:
    """Create the folder for its user only, and what is missing above it as usual. Raise OSError."""
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)


def create_private_file(file: Path) -> None:
    """Create an empty file for its user only, unless it exists: a program that would create it lets others read it."""
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT, FILE_MODE))


def find_database_file(database: Mapping[str, Any]) -> Path | None:
    """Return the path of the SQLite database with these settings, which needn't exist yet; None for another one."""
    name = str(database["NAME"])
    is_file = database["ENGINE"] == "django.db.backends.sqlite3" and not name.startswith(("file:", ":memory:"))
    return Path(name) if is_file else None


def find_open_paths(settings: Any) -> list[Path]:
    """Return the site's private files and folders to which others than their owner have a right.

    A folder that belongs to somebody else or that many may write to, such as /tmp, is its owner's business.
    """
    return [path for path in _list_private_paths(settings) if _is_open(path)]


def close_path(path: Path) -> None:
    """Take the rights of others away. Raise OSError, for example on a read-only file system."""
    path.chmod(FOLDER_MODE if path.is_dir() else FILE_MODE)


def _list_private_paths(settings: Any) -> Iterator[Path]:
    yield from (Path(settings.DATA_DIR), Path(settings.KEYS_DIR), Path(settings.FILE_UPLOAD_TEMP_DIR))
    for name in ("default", "engine"):
        location = Path(settings.STORAGES[name].get("OPTIONS", {}).get("location", ""))
        if location.is_absolute():  # in a bucket it isn't
            yield location
    if Path(settings.KEYS_DIR).is_dir():
        yield from Path(settings.KEYS_DIR).iterdir()
    database = find_database_file(settings.DATABASES["default"])
    if database is None:
        return
    # A folder with other things in it isn't ours to close.
    if all(path.name.startswith(database.name) for path in database.parent.glob("*")):
        yield database.parent
    for ending in BESIDE_A_DATABASE:
        yield from database.parent.glob(f"{escape(database.name)}{ending}")


def _is_open(path: Path) -> bool:
    try:
        # A link's target is somewhere else for a reason.
        status = path.lstat()
    except FileNotFoundError:
        return False
    if stat.S_ISLNK(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & stat.S_ISVTX:
        return False
    return bool(stat.S_IMODE(status.st_mode) & 0o077)
