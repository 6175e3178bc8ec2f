"""A text column, encrypted at rest with the keys in `settings.VAULT_KEYS`."""

from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class DecryptionFailed(Exception):
    """None of the configured keys can decrypt the stored value. The message never contains the value."""


def _build_fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.VAULT_KEYS])


def encrypt(text: str) -> str:
    """Return the text encrypted with the newest key, as URL-safe base64."""
    return _build_fernet().encrypt(text.encode()).decode("ascii")


def decrypt(cipher: str) -> str:
    """Return the plain text of `cipher`. Raises DecryptionFailed if no key fits."""
    try:
        return _build_fernet().decrypt(cipher.encode("ascii")).decode()
    except (InvalidToken, UnicodeError):
        raise DecryptionFailed("A stored secret can't be decrypted with the keys in VAULT_KEYS.") from None


def rotate(cipher: str) -> str:
    """Return `cipher` re-encrypted with the newest key. Raises DecryptionFailed if no key fits."""
    try:
        return _build_fernet().rotate(cipher.encode("ascii")).decode("ascii")
    except (InvalidToken, UnicodeError):
        raise DecryptionFailed("A stored secret can't be decrypted with the keys in VAULT_KEYS.") from None


class EncryptedTextField(models.TextField[str, str]):
    """A text field that is stored encrypted. It can't be searched: every lookup except `isnull` raises TypeError."""

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else encrypt(str(value))

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> str | None:
        return None if value is None else decrypt(value)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise TypeError(f"{self.name} is encrypted and can't be searched by {lookup_name}")
