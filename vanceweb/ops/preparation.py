"""What must be true before the site can serve: everything of `make run` short of serving."""

import os
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from vanceweb.ops.static_files import collect_if_changed

Say = Callable[[str], None]


class NotPrepared(Exception):
    """Something that the site needs is missing; the sentence says what, and what to do."""


def prepare(say: Say) -> None:
    """Checks the folders, brings the database up to date, fetches missing model weights, collects static files.

    A second call finds everything done: it takes a fraction of a second and no network. Raises NotPrepared, and
    CommandError with a sentence from the commands it calls.
    """
    check_folder("DATA_DIR", settings.DATA_DIR)
    if settings.COLLECT_STATIC and not settings.NODE_MODULES_DIR.is_dir():
        raise NotPrepared("The front-end packages are missing; `make setup` installs them.")
    update_database(say)
    call_command("install_models", verbosity=0)
    if settings.COLLECT_STATIC:
        _collect_static(say)


def check_folder(name: str, folder: Path) -> None:
    """Makes the folder where it is missing. Raises NotPrepared when it can't be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotPrepared(f"{name}={folder} can't be made: {error.strerror}.") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise NotPrepared(f"{name}={folder} can't be written by this user.")


def update_database(say: Say) -> None:
    """Runs the migrations that are missing. Raises NotPrepared when the database doesn't answer."""
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            say("Bringing the database up to date …")
            call_command("migrate", interactive=False, verbosity=0)
    except DatabaseError as error:
        raise NotPrepared(f"The database can't be used: {str(error).strip().splitlines()[0]}.") from error
    finally:
        connection.close()


def _collect_static(say: Say) -> None:
    try:
        if collect_if_changed():
            say("Collected the static files.")
    except OSError as error:
        raise NotPrepared(f"The static files can't be written to {settings.STATIC_ROOT}: {error.strerror}.") from error
