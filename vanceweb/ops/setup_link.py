"""The one-time link that creates the first account on an empty installation.

No password is shipped: anyone who can read the terminal of the first start may create the first account. Each start
creates a new secret and stores only its hash, in the data folder; 256 random bits need neither salt nor a slow hash.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model

FILE_NAME = "setup_link.sha256"


def create_secret() -> str:
    """Return a new secret for the link; the previous one becomes invalid."""
    secret = secrets.token_urlsafe(32)
    draft = _get_path().with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(_hash(secret))
    draft.replace(_get_path())
    return secret


def is_open() -> bool:
    """Return whether the installation has no users yet."""
    return not get_user_model().objects.exists()


def is_valid(secret: str) -> bool:
    """Return whether this is the latest secret and the installation has no users yet."""
    try:
        stored = _get_path().read_text("ascii")
    except FileNotFoundError:
        return False
    return hmac.compare_digest(stored, _hash(secret)) and is_open()


def close() -> bool:
    """Delete the secret. Return True to exactly one caller: of two simultaneous requests, one creates the account."""
    try:
        _get_path().unlink()
    except FileNotFoundError:
        return False
    return True


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _get_path() -> Path:
    return Path(settings.DATA_DIR) / FILE_NAME
