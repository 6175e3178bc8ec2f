"""A text column, encrypted at rest with the keys in `settings.VAULT_KEYS`.

Rows are loaded, changed, saved and deleted without any key: the column's value is a `SealedText`, which only `open`
decrypts.
"""

from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.query_utils import DeferredAttribute


class DecryptionFailed(Exception):
    """None of the configured keys can decrypt the stored value. The message never contains the value."""


class KeysUnusable(Exception):
    """A configured key isn't a key at all, or there is none. The message never contains a key."""


def build_fernet() -> MultiFernet:
    """Return the configured keys, the newest first. Raise KeysUnusable."""
    try:
        return MultiFernet([Fernet(key) for key in settings.VAULT_KEYS])
    except ValueError:
        raise KeysUnusable("VAULT_KEYS can't be used: each key is 32 bytes in URL-safe base64.") from None


def encrypt(text: str) -> str:
    """Return the text encrypted with the newest key, as URL-safe base64. Raise KeysUnusable."""
    return build_fernet().encrypt(text.encode()).decode("ascii")


def decrypt(cipher: str) -> str:
    """Return the plain text of `cipher`. Raises DecryptionFailed if no key fits."""
    try:
        return build_fernet().decrypt(cipher.encode("ascii")).decode()
    except (InvalidToken, UnicodeError, KeysUnusable):
        raise DecryptionFailed("A stored secret can't be decrypted with the keys in VAULT_KEYS.") from None


def rotate(cipher: str) -> str:
    """Return `cipher` re-encrypted with the newest key. Raises DecryptionFailed if no key fits."""
    try:
        return build_fernet().rotate(cipher.encode("ascii")).decode("ascii")
    except (InvalidToken, UnicodeError, KeysUnusable):
        raise DecryptionFailed("A stored secret can't be decrypted with the keys in VAULT_KEYS.") from None


def is_newest(cipher: str) -> bool:
    """Return whether the newest key decrypts `cipher`. Raise KeysUnusable."""
    build_fernet()
    try:
        Fernet(settings.VAULT_KEYS[0]).decrypt(cipher.encode("ascii"))
    except (InvalidToken, UnicodeError):
        return False
    return True


class SealedText:
    """An encrypted text. Only `open` decrypts it; comparing, showing and storing it don't."""

    __slots__ = ("cipher",)

    def __init__(self, cipher: str) -> None:
        self.cipher = cipher

    @classmethod
    def encrypt(cls, text: str) -> "SealedText":
        """Encrypt the text with the newest key. Raise KeysUnusable."""
        return cls(encrypt(text))

    def open(self) -> str:
        """Return the plain text. Raise DecryptionFailed if no key fits."""
        return decrypt(self.cipher)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SealedText) and self.cipher == other.cipher

    def __hash__(self) -> int:
        return hash(self.cipher)

    def __repr__(self) -> str:
        return "SealedText([hidden])"


class SealedAttribute(DeferredAttribute):
    """The attribute of a model for an encrypted column. A plain text that is assigned is sealed at once."""

    def __set__(self, instance: models.Model, value: str | SealedText | None) -> None:
        sealed = SealedText.encrypt(value) if isinstance(value, str) else value
        instance.__dict__[self.field.attname] = sealed


class EncryptedTextField(models.TextField[str | SealedText, SealedText]):
    """A text field that is stored encrypted. It can't be searched: every lookup except `isnull` raises TypeError."""

    descriptor_class = SealedAttribute
    # A new row has no text until it is given one: nothing is encrypted for it.
    empty_strings_allowed = False

    def get_prep_value(self, value: Any) -> Any:
        if value is None:
            return None
        return value.cipher if isinstance(value, SealedText) else encrypt(str(value))

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> SealedText | None:
        return None if value is None else SealedText(value)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise TypeError(f"{self.name} is encrypted and can't be searched by {lookup_name}")
