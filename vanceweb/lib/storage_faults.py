"""Disks that are full or can't be written to: recognised in errors of files and databases, and said in a sentence."""

import errno
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class StorageFault:
    """A fault that goes away when somebody makes room, and the HTTP status of a request that meets it.

    `sentence` is for whoever sent the request, `waiting` for whoever waits for a job.
    """

    status: int
    sentence: "StrOrPromise"
    waiting: "StrOrPromise"


FULL = StorageFault(
    507,
    _("The server's disk is full. Nothing was stored and nothing was charged. Try again when there is room."),
    _("The server's disk is full. The job waits until there is room."),
)
READ_ONLY = StorageFault(
    503,
    _("The server can't write to its disk at present. Nothing was stored and nothing was charged. Try again later."),
    _("The server can't write to its disk at present. The job waits until it can."),
)

# Work that met a fault is tried again after this long: somebody has to notice first, and then nobody waits long.
RETRY_SECONDS = 60.0

# EFBIG: the limit of file sizes of the process, as a service manager may set it.
FULL_NUMBERS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# Those of a single file say something about the disk only for a file of ours.
DENIED_NUMBERS = frozenset({errno.EACCES, errno.EPERM})
# Extended codes that SQLite gives for a write that the system refused; its plain code, SQLITE_FULL, comes for ENOSPC.
SQLITE_FULL_CODES = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_TRUNCATE}
)
# The lowest byte of an extended code is the plain one.
SQLITE_READ_ONLY_CODES = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN})
POSTGRESQL_STATES = {"53100": FULL, "25006": READ_ONLY}
# The errors behind an error, far more than any chain has.
MAX_DEPTH = 20


def find_fault(error: BaseException | None) -> StorageFault | None:
    """Return the fault behind the error, None if it is about something else."""
    return next(filter(None, map(_find_own_fault, _walk_causes(error))), None)


def _walk_causes(error: BaseException | None) -> Iterator[BaseException]:
    for _depth in range(MAX_DEPTH):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _find_own_fault(error: BaseException) -> StorageFault | None:
    if isinstance(error, OSError):
        return _find_file_fault(error)
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0)
        if code in SQLITE_FULL_CODES:
            return FULL
        return READ_ONLY if code & 0xFF in SQLITE_READ_ONLY_CODES else None
    return POSTGRESQL_STATES.get(str(getattr(error, "sqlstate", "")))


def _find_file_fault(error: OSError) -> StorageFault | None:
    if error.errno in FULL_NUMBERS:
        return FULL
    if error.errno == errno.EROFS or (error.errno in DENIED_NUMBERS and _is_in_data_folder(error.filename)):
        return READ_ONLY
    return None


def _is_in_data_folder(name: object) -> bool:
    if not isinstance(name, str | bytes | Path):
        return False
    path = Path(name.decode(errors="replace") if isinstance(name, bytes) else name)
    storages = [settings.STORAGES[name].get("OPTIONS", {}).get("location", "") for name in ("default", "engine")]
    folders = [Path(folder) for folder in (settings.DATA_DIR, settings.FILE_UPLOAD_TEMP_DIR, *storages)]
    return any(folder.is_absolute() and path.is_relative_to(folder) for folder in folders)
