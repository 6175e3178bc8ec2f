"""The secrets in links that work once. They have 256 random bits, so a plain hash protects them in the database."""

import hashlib
import secrets


def create_secret() -> str:
    """Return a new secret for a link, in characters that need no quoting."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """Return the hash under which the secret of a link is stored."""
    return hashlib.sha256(secret.encode()).hexdigest()
