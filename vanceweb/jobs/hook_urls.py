"""The URLs to which services on the network post the end of a job. Each transform has a secret of its own."""

import secrets
from hashlib import sha256

from django.conf import settings
from django.urls import reverse


def create_hook_url() -> tuple[str, str]:
    """Return a new URL and the digest by which its secret is found again. Only the digest is stored."""
    secret = secrets.token_urlsafe(32)
    return settings.PUBLIC_URL + reverse("job-hook", args=[secret]), hash_secret(secret)


def hash_secret(secret: str) -> str:
    """Return the SHA-256 of a secret, in hex. Looking it up tells nobody by its time how much of a guess was right."""
    return sha256(secret.encode()).hexdigest()
