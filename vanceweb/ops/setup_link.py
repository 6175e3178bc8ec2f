"""The one-time link that makes the owner's account of an empty installation.

No password is ever shipped: who can read the terminal of the first start may make the first account. Each start makes
a new secret and keeps only its hash, in the data folder; 256 random bits need neither salt nor a slow hash.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model

FILE_NAME = "setup_link.sha256"


def new_secret() -> str:
    """A new secret for the link; the one before it opens nothing any more."""
    secret = secrets.token_urlsafe(32)
    draft = _path().with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(_hash(secret))
    draft.replace(_path())
    return secret


def is_open() -> bool:
    """True while the installation has no users."""
    return not get_user_model().objects.exists()


def opens(secret: str) -> bool:
    """True for the latest secret while the installation has no users."""
    try:
        kept = _path().read_text("ascii")
    except FileNotFoundError:
        return False
    return hmac.compare_digest(kept, _hash(secret)) and is_open()


def close() -> bool:
    """Throws the secret away. True for exactly one caller: of two that come at once, one makes the account."""
    try:
        _path().unlink()
    except FileNotFoundError:
        return False
    return True


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _path() -> Path:
    return Path(settings.DATA_DIR) / FILE_NAME
