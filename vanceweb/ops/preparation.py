"""The preparation of the site for serving: everything `make run` does before it serves."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol, runtime_checkable

from django.conf import settings
from django.core.files.storage import storages
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from vanceweb.engine.weights.progress import choose_progress
from vanceweb.lib.data_folder import create_keys_and_folders
from vanceweb.lib.encryption import KeysUnusable, build_fernet
from vanceweb.lib.private_files import (
    close_path,
    create_private_file,
    create_private_folder,
    find_database_file,
    find_open_paths,
)
from vanceweb.lib.storage_faults import FULL, find_fault
from vanceweb.ops.database_copies import NotCopied, copy_database, find_copy
from vanceweb.ops.missing_weights import install_or_warn
from vanceweb.ops.services import ensure_team_connections
from vanceweb.ops.static_files import collect_if_changed
from vanceweb.vault.queries import find_unreadable_connections

WriteLine = Callable[[str], None]


@runtime_checkable
class BucketStorage(Protocol):
    """A storage in a bucket that a service on the network may refuse."""

    def check_bucket(self) -> None: ...


# Packages of earlier versions; their migrations in a database don't make it a newer one.
DROPPED_APPS = frozenset({"axes"})


class NotPrepared(Exception):
    """A requirement of the site is missing; the message names it and the remedy."""


def prepare_site(write_line: WriteLine) -> None:
    """Create keys and folders, migrate the database, download missing model weights and collect static files.

    Weights that can't be downloaded are reported and not required.
    A second call finds everything done: it takes a fraction of a second and no network, except for a database and a
    bucket elsewhere. Raise NotPrepared, or the CommandError of a command called here.
    """
    ensure_folder("DATA_DIR", settings.DATA_DIR)
    _create_keys_and_folders()
    check_bucket()
    if settings.COLLECT_STATIC and not settings.NODE_MODULES_DIR.is_dir():
        raise NotPrepared("The front-end packages are missing; `make setup` installs them.")
    close_private_files(write_line)
    migrate_database(write_line)
    check_vault_keys(write_line)
    ensure_team_connections()
    _ensure_models_folder()
    install_or_warn(choose_progress(sys.stderr), write_line)
    if settings.COLLECT_STATIC:
        _collect_static(write_line)


def _ensure_models_folder() -> None:
    try:
        settings.MODELS_DIR.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotPrepared(f"MODELS_DIR={settings.MODELS_DIR} can't be created: {error.strerror}.") from error


def ensure_folder(name: str, folder: Path) -> None:
    """Create the folder if it is missing. Raise NotPrepared when it can't be created or isn't writable."""
    try:
        create_private_folder(folder)
    except OSError as error:
        raise NotPrepared(f"{name}={folder} can't be created: {error.strerror}.") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise NotPrepared(f"{name}={folder} isn't writable for this user.")


def check_bucket() -> None:
    """Raise NotPrepared if the files are in a bucket that doesn't exist, refuses the keys or can't be reached."""
    storage = storages["default"]
    if not isinstance(storage, BucketStorage):
        return
    try:
        storage.check_bucket()
    except OSError as error:
        raise NotPrepared(f"The bucket of STORAGE_URL can't be used: {error.strerror}.") from error


def _create_keys_and_folders() -> None:
    try:
        create_keys_and_folders(settings)
    except OSError as error:
        raise NotPrepared(f"{error.filename} can't be created or read: {error.strerror}.") from error


def check_vault_keys(write_line: WriteLine) -> None:
    """Raise NotPrepared for keys that can't encrypt, and tell which tokens they can't decrypt."""
    try:
        build_fernet()
    except KeysUnusable as error:
        raise NotPrepared(str(error)) from None
    names = [connection.name for connection in find_unreadable_connections()]
    if names:
        write_line(
            f"The stored tokens of these connections can't be decrypted with VAULT_KEYS: {', '.join(names)}. "
            "Put the old key back, or replace the tokens on the site."
        )


def close_private_files(write_line: WriteLine) -> None:
    """Take the rights to private files and folders away from other users of this machine."""
    for path in find_open_paths(settings):
        try:
            close_path(path)
        except OSError as error:
            write_line(f"Other users of this machine may have rights to {path}: {error.strerror}.")


def _create_private_database() -> None:
    """Create the file of a new SQLite database: SQLite would let others read it, and its log has the same rights."""
    file = find_database_file(connection.settings_dict)
    if file is not None:
        with suppress(OSError):  # which the database says better
            create_private_file(file)


def migrate_database(write_line: WriteLine) -> None:
    """Apply the missing migrations, after copying a SQLite database with data beside itself.

    Raise NotPrepared when the database doesn't answer, was migrated by a newer version, or can't be copied.
    """
    _create_private_database()
    try:
        executor = MigrationExecutor(connection)
        _refuse_newer_database(executor.loader)
        if plan := executor.migration_plan(executor.loader.graph.leaf_nodes()):
            if executor.loader.applied_migrations:
                first = plan[0][0]
                _copy_database(f"{first.app_label}.{first.name}", write_line)
            write_line("Updating the database …")
            call_command("migrate", interactive=False, verbosity=0)
    except DatabaseError as error:
        raise NotPrepared(f"The database can't be used: {_describe_error(error)}.") from error
    finally:
        connection.close()


def _describe_error(error: DatabaseError) -> str:
    """Return the database's words, or plainer ones for a full disk, which SQLite calls an error of the disk."""
    reason = str(error).strip().splitlines()[0]
    return f"{reason} (the disk is full)" if find_fault(error) is FULL and "full" not in reason else reason


def _refuse_newer_database(loader: MigrationLoader) -> None:
    """Raise NotPrepared when the database has migrations that this version doesn't have."""
    applied = {(app, name) for app, name in loader.applied_migrations if app not in DROPPED_APPS}
    unknown = sorted(applied - set(loader.disk_migrations))
    if unknown:
        names = [f"{app}.{name}" for app, name in unknown]
        copy = find_copy(names)
        raise NotPrepared(
            f"The database belongs to a newer version of vanceweb, which has applied the migration {names[-1]}. "
            "Install that version again, or put back "
            + (f"the copy from before the update, {copy}." if copy else "your backup from before the update.")
        )


def _copy_database(migration: str, write_line: WriteLine) -> None:
    try:
        copy = copy_database(migration)
    except NotCopied as error:
        raise NotPrepared(f"The database was not updated because {error}.") from error
    if copy:
        write_line(f"Copied the database to {copy}.")


def _collect_static(write_line: WriteLine) -> None:
    try:
        if collect_if_changed():
            write_line("Collected the static files.")
    except OSError as error:
        raise NotPrepared(f"The static files can't be written to {settings.STATIC_ROOT}: {error.strerror}.") from error
