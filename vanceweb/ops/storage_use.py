"""The space that the site's files and its database take, and the space that is left."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Sum

from vanceweb.gallery.models import Blob
from vanceweb.lib.private_files import find_database_file
from vanceweb.ops.doctor.machine import find_existing

# The sum over all pictures reads each row: tens of milliseconds at 100,000.
COUNT_KEEP_SECONDS = 60.0


@dataclass(frozen=True)
class Disk:
    """A disk that settings name, in bytes."""

    names: list[str]
    folder: Path
    free: int
    size: int

    @property
    def used_share(self) -> float:
        """The share of the disk that is full, from 0 to 1."""
        return 1 - self.free / self.size if self.size else 1.0


def list_disks() -> list[Disk]:
    """Return the disks with the site's files, each once. Raise OSError."""
    disks: dict[int, Disk] = {}
    for name in ("DATA_DIR", "MEDIA_ROOT", "FILE_UPLOAD_TEMP_DIR", "MODELS_DIR"):
        folder = find_existing(Path(getattr(settings, name)))
        device = folder.stat().st_dev
        if device not in disks:
            status = os.statvfs(folder)
            free, size = status.f_bavail * status.f_frsize, status.f_blocks * status.f_frsize
            disks[device] = Disk([], folder, free, size)
        disks[device].names.append(name)
    return list(disks.values())


def measure_database() -> int:
    """Return the size of the database with its log, in bytes."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            return int(cursor.fetchone()[0])
    return sum(file.stat().st_size for file in _list_database_files())


def count_pictures() -> tuple[int, int]:
    """Return the number of stored pictures and their bytes, as they were less than COUNT_KEEP_SECONDS ago."""
    counted: tuple[int, int] | None = cache.get("ops.count_pictures")
    if counted is None:
        totals = Blob.objects.aggregate(count=Count("pk"), size=Sum("filesize"))
        counted = (totals["count"], totals["size"] or 0)
        cache.set("ops.count_pictures", counted, COUNT_KEEP_SECONDS)
    return counted


def _list_database_files() -> Iterator[Path]:
    file = find_database_file(connection.settings_dict)
    if file is not None:
        yield from (path for path in (file, file.with_name(f"{file.name}-wal")) if path.is_file())
