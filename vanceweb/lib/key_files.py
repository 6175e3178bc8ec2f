"""Secret keys kept as files in the data folder, each made once, readable by its owner only."""

import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.fernet import Fernet

KEY_FILE_MODE = 0o600
KEY_FOLDER_MODE = 0o700


def generate_key() -> str:
    """384 random bits as URL-safe text: for signing and keyed hashes."""
    return secrets.token_urlsafe(48)


def generate_fernet_key() -> str:
    """A key for `cryptography.fernet.Fernet`: 32 random bytes, URL-safe base64."""
    return Fernet.generate_key().decode("ascii")


def read_or_create_key(path: Path, make: Callable[[], str]) -> str:
    """The text of the key file at `path`; where there is none, it is made first.

    Several processes may ask at once: each writes a complete draft and `os.link` lets exactly one of them become
    the key, so no process can read half a key or one that is replaced a moment later.

    Raises OSError when the folder can't be written or the file can't be read.
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
            file.write(make() + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    return path.read_text("ascii").strip()
