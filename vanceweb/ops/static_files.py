"""Collection of static files only when their sources have changed: compressing them takes seconds."""

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def collect_if_changed() -> bool:
    """Collect the static files into STATIC_ROOT unless it was already made from the same sources.

    Return whether files were collected. Raise OSError when STATIC_ROOT isn't writable.
    """
    stamp = Path(f"{settings.STATIC_ROOT}.stamp")
    fingerprint = _compute_fingerprint()
    if stamp.exists() and stamp.read_text("ascii") == fingerprint and Path(settings.STATIC_ROOT).is_dir():
        return False
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(fingerprint, "ascii")
    return True


def _compute_fingerprint() -> str:
    """Return a hash of the name, size and time of every source file and of the storage settings."""
    digest = hashlib.sha256(repr(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            source = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{source.st_size}\0{source.st_mtime_ns}\n".encode())
    return digest.hexdigest()
