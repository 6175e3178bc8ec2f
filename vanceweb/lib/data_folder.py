"""The keys and the folder for temporary files, which every process of the site or of the engine needs."""

from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from vanceweb.lib.key_files import KeyFileMissing, generate_fernet_key, generate_key, read_or_create_key

KEY_GENERATORS = {
    "SECRET_KEY": generate_key,
    "VAULT_KEYS": generate_fernet_key,
    "ENGINE_TOKEN_KEY": generate_key,
}
# Uploads on their way into a storage are as private as those in it.
TEMPORARY_FOLDER_MODE = 0o700


def create_keys_and_folders(settings: Any) -> None:
    """Create what is missing; a key from the environment gets no file. Several processes may do this at a time.

    `settings` are Django's or a module of settings. Raise OSError if the data folder isn't writable or a key file
    can't be read.
    """
    Path(settings.FILE_UPLOAD_TEMP_DIR).mkdir(mode=TEMPORARY_FOLDER_MODE, parents=True, exist_ok=True)
    for name, generate in KEY_GENERATORS.items():
        try:
            bool(getattr(settings, name))
        except KeyFileMissing as missing:
            read_or_create_key(missing.path, generate)


def check_keys_and_folders(settings: Any) -> None:
    """Raise ImproperlyConfigured if a key or the folder is missing, and OSError if a key file can't be read."""
    for name in KEY_GENERATORS:
        bool(getattr(settings, name))
    if not Path(settings.FILE_UPLOAD_TEMP_DIR).is_dir():
        raise ImproperlyConfigured(
            f"the folder {settings.FILE_UPLOAD_TEMP_DIR} is missing. "
            "Run `manage.py prepare` first; `manage.py up` includes it."
        )
