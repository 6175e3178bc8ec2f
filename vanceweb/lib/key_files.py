"""Secret keys as files in the data folder. Each is generated once and readable by its owner only.

Loading the settings creates no file: `read_on_first_use` stands for a key that `manage.py prepare` may still create.
"""

import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import SimpleLazyObject

KEY_FILE_MODE = 0o600
KEY_FOLDER_MODE = 0o700

T = TypeVar("T")


class KeyFileMissing(ImproperlyConfigured):
    """A key is used before its file at `path` was created."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"the key {path} is missing. Run `manage.py prepare` first; `manage.py up` includes it.")
        self.path = path


def generate_key() -> str:
    """Return 384 random bits as URL-safe text, for signatures and keyed hashes."""
    return secrets.token_urlsafe(48)


def generate_fernet_key() -> str:
    """Return a key for `cryptography.fernet.Fernet`: 32 random bytes as URL-safe base64."""
    return Fernet.generate_key().decode("ascii")


def read_on_first_use(path: Path, convert: Callable[[str], T]) -> T:
    """Return an object that becomes `convert` of the key file's content when it is first used.

    Until the file exists, each use raises KeyFileMissing. Afterwards the content is kept: a process may create the
    file and then use the key.
    """
    return cast(T, SimpleLazyObject(lambda: convert(_read_key(path))))


def _read_key(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except FileNotFoundError:
        raise KeyFileMissing(path) from None


def read_or_create_key(path: Path, generate: Callable[[], str]) -> str:
    """Return the content of the key file at `path`, creating it with `generate` if it doesn't exist.

    Several processes may call this at the same time: each writes a complete draft, and `os.link` turns exactly one of
    them into the key. No process can read a partial key or one that is about to be replaced.

    Raises OSError if the folder isn't writable or the file can't be read.
    """
    try:
        return path.read_text("ascii").strip()
    except FileNotFoundError:
        pass
    path.parent.mkdir(mode=KEY_FOLDER_MODE, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, KEY_FILE_MODE)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(generate() + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    return path.read_text("ascii").strip()
