"""The doctor's checks of what the site needs on its machine."""

import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models import TextField
from django.db.models.functions import Cast

from vanceweb.engine.weights.installation import find_missing_weights
from vanceweb.gallery.name_index import create_name_index, has_name_index
from vanceweb.lib.encryption import DecryptionFailed, decrypt
from vanceweb.lib.images import format_megabytes
from vanceweb.ops.doctor.finding import Finding
from vanceweb.vault.models import Connection

# The largest result with its temporary files, some hundred uploads, and the database's log.
LOW_SPACE_BYTES = 1024 * 1024 * 1024
LOW_INODES = 10_000


def check_weights() -> Iterator[Finding]:
    """Look for model weights that are missing or damaged."""
    missing = find_missing_weights(Path(settings.MODELS_DIR))
    if missing:
        yield Finding(
            f"The model weights {', '.join(weights.name for weights in missing)} are missing or damaged.",
            remedy="Run `manage.py install_models`.",
        )


def check_tokens() -> Iterator[Finding]:
    """Look for tokens that the vault's keys can't decrypt."""
    ciphers = Connection.objects.annotate(cipher=Cast("token", TextField())).values_list("cipher", flat=True)
    lost = sum(not _can_decrypt(cipher) for cipher in ciphers.iterator())
    if lost:
        yield Finding(
            f"The tokens of {lost} connections can't be decrypted with the keys in VAULT_KEYS.",
            remedy="Add the key they were encrypted with, or enter these tokens again.",
        )


def check_name_index() -> Iterator[Finding]:
    """Look for the index without which PostgreSQL reads all names at each search in the gallery."""
    if not has_name_index(connection):
        yield Finding(
            "The gallery's search by name has no index: PostgreSQL refused its extension pg_trgm, or it was removed.",
            repair=lambda: create_name_index(connection),
        )


def check_disks() -> Iterator[Finding]:
    """Look for disks that are almost full or read-only."""
    seen = set()
    for name in ("DATA_DIR", "MEDIA_ROOT", "FILE_UPLOAD_TEMP_DIR", "MODELS_DIR"):
        folder = find_existing(Path(getattr(settings, name)))
        device = folder.stat().st_dev
        if device in seen:
            continue
        seen.add(device)
        yield from _check_disk(name, folder)


def _check_disk(name: str, folder: Path) -> Iterator[Finding]:
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize
    if status.f_flag & os.ST_RDONLY:
        yield Finding(f"The disk of {name} ({folder}) is read-only.", remedy="Mount it with the right to write.")
    elif free < LOW_SPACE_BYTES:
        yield Finding(f"The disk of {name} ({folder}) has {format_megabytes(free)} left.", remedy="Make room.")
    elif status.f_files and status.f_favail < LOW_INODES:
        yield Finding(f"The disk of {name} ({folder}) has room for {status.f_favail} files.", remedy="Make room.")


def find_existing(path: Path) -> Path:
    """Return the path, or the nearest folder above it that exists."""
    return path if path.exists() else find_existing(path.parent)


def _can_decrypt(cipher: str) -> bool:
    try:
        decrypt(cipher)
    except DecryptionFailed:
        return False
    return True
