"""The backends of the bundled engine with their states, listed by a process of its own.

The list loads every network, and the libraries alone would stay in the memory of a web process.
"""

import hashlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, cast

from django.conf import settings
from django.core.cache import cache

# The list is kept while no file of the models directory changes. Weights that come in packages change with a restart.
LIST_KEEP_SECONDS = 24 * 3600

logger = logging.getLogger(__name__)


class BackendsNotListed(Exception):
    """The list failed or took too long; the log has the reason."""


def list_backends() -> Sequence[Mapping[str, Any]]:
    """Return the rows of `manage.py models --json`, by slot. Raise BackendsNotListed."""
    key = f"ops.backends.{_compute_fingerprint()}"
    rows: Sequence[Mapping[str, Any]] | None = cache.get(key)
    if rows is None:
        rows = _list_in_process()
        cache.set(key, rows, LIST_KEEP_SECONDS)
    return rows


def _compute_fingerprint() -> str:
    """Return a hash of the path, size and time of every file in the models directory."""
    digest = hashlib.sha256(str(settings.MODELS_DIR).encode())
    for path in sorted(settings.MODELS_DIR.rglob("*")):
        with suppress(FileNotFoundError):  # an installation renames its files
            status = path.lstat()
            digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _list_in_process() -> Sequence[Mapping[str, Any]]:
    try:
        listing = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "models", "--json"],
            env={**os.environ, "MODELS_DIR": str(settings.MODELS_DIR)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=settings.BUNDLED_MODELS_SECONDS,
            check=True,
        )
        return cast(Sequence[Mapping[str, Any]], json.loads(listing.stdout))
    except subprocess.CalledProcessError as error:
        logger.exception("the list of models failed: %s", error.stderr)
        raise BackendsNotListed from error
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        logger.exception("the list of models failed")
        raise BackendsNotListed from error
