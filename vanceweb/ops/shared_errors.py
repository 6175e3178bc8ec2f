"""The last errors of all machines. Workers copy those of their machine's file into the database with their heartbeats.

The file comes first: an error of the database itself is written there, and the page of a machine reads its own file
even if the database doesn't answer.
"""

import json
from contextlib import suppress
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError

from vanceweb.lib.error_records import ErrorRecord, read_records
from vanceweb.ops.models import SharedError

# Of all machines together; the page shows fewer.
KEPT = 200


class ErrorSharing:
    """The copying of a machine's file; without a new error it costs a look at the file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._copied: tuple[int, int] | None = None

    def copy_new_errors(self) -> None:
        """Copy the last errors of the file if it has changed, and remove the oldest copies. Raise DatabaseError."""
        with suppress(OSError):
            status = self.path.stat()
            seen = (status.st_mtime_ns, status.st_size)
            if seen != self._copied:
                share_errors(read_records(self.path, limit=settings.STATUS_ERRORS))
                self._copied = seen


def share_errors(records: list[ErrorRecord]) -> None:
    """Store the records that aren't stored yet, and remove all but the newest."""
    rows = [SharedError(digest=_compute_digest(record), at=record.time, record=asdict(record)) for record in records]
    SharedError.objects.bulk_create(rows, ignore_conflicts=True)
    newest = SharedError.objects.order_by("-at", "-pk").values("pk")[:KEPT]
    SharedError.objects.exclude(pk__in=newest).delete()


def list_last_errors(*, limit: int) -> list[ErrorRecord]:
    """Return the last errors of all machines, newest first; of this one alone if the database doesn't answer."""
    records = dict.fromkeys(read_records(settings.ERRORS_FILE, limit=limit))
    with suppress(DatabaseError, TypeError):
        stored = SharedError.objects.order_by("-at", "-pk").values_list("record", flat=True)[:limit]
        records |= dict.fromkeys(ErrorRecord(**fields) for fields in stored)
    return sorted(records, key=lambda record: record.time, reverse=True)[:limit]


def _compute_digest(record: ErrorRecord) -> str:
    return sha256(json.dumps(asdict(record), sort_keys=True).encode()).hexdigest()
