"""Temporary files that killed processes left behind."""

import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core.cache import cache

# Uploads are over within minutes; a run of the engine is over after its own limit, which is added to this.
MIN_AGE_SECONDS = 3600.0
PRUNE_SECONDS = 3600.0


def iterate_old_temporary_files() -> Iterator[Path]:
    """Yield files and folders among the temporary ones that no process uses any more."""
    oldest = time.time() - settings.ENGINE_MAX_RUN_SECONDS - MIN_AGE_SECONDS
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    for path in folder.iterdir() if folder.is_dir() else ():
        with suppress(FileNotFoundError):
            if path.lstat().st_mtime < oldest:
                yield path


def remove_old_temporary_files() -> None:
    """Remove them, at most once in PRUNE_SECONDS."""
    if cache.add("ops.remove_old_temporary_files", True, PRUNE_SECONDS):
        for path in iterate_old_temporary_files():
            remove_path(path)


def remove_path(path: Path) -> None:
    """Remove the file or folder, as far as this user may."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
