"""Static files are collected when their sources have changed, not at every start: compressing them takes seconds."""

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def collect_if_changed() -> bool:
    """Collects the static files into STATIC_ROOT unless what lies there was made from the same sources.

    True when something was done. Raises OSError when STATIC_ROOT can't be written.
    """
    stamp = Path(f"{settings.STATIC_ROOT}.stamp")
    fingerprint = _fingerprint()
    if stamp.exists() and stamp.read_text("ascii") == fingerprint and Path(settings.STATIC_ROOT).is_dir():
        return False
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(fingerprint, "ascii")
    return True


def _fingerprint() -> str:
    """Changes with the name, size or time of any source file, and with the way they are stored."""
    digest = hashlib.sha256(repr(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            source = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{source.st_size}\0{source.st_mtime_ns}\n".encode())
    return digest.hexdigest()
