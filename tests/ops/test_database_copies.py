"""An update copies a SQLite database before it changes it, and refuses a database of a newer version."""

import os
import resource
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from tests.live_site import build_environment, build_manage_command
from tests.postgresql import create_database
from tests.upgrade.version_0_1 import VAULT_KEY, create_sqlite_database, use_database
from vanceweb.ops.database_copies import KEPT_COPIES, copy_database
from vanceweb.ops.preparation import NotPrepared, migrate_database


@pytest.fixture
def database(tmp_path: Path, django_db_blocker: Any) -> Iterator[Path]:
    """A database of version 0.1 as the current one."""
    file = tmp_path / "vanceweb.sqlite3"
    with django_db_blocker.unblock(), use_database(create_sqlite_database(file)):
        yield file


def get_copy(database: Path) -> Path:
    """Return the path of the copy that the update will make, named for the first migration that is missing."""
    executor = MigrationExecutor(connection)
    first = executor.migration_plan(executor.loader.graph.leaf_nodes())[0][0]
    return database.with_name(f"{database.name}.before-{first.app_label}.{first.name}")


def list_files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_copy_includes_the_write_ahead_log_and_is_one_file(database):
    database.chmod(0o640)
    with closing(sqlite3.connect(database)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("UPDATE teams_user SET first_name = 'Alicia' WHERE id = 1")
        writer.commit()
        assert (database.parent / "vanceweb.sqlite3-wal").stat().st_size
        copy = copy_database("teams.0002_teams")
    assert copy == database.parent / "vanceweb.sqlite3.before-teams.0002_teams"
    assert copy.stat().st_mode & 0o777 == 0o640
    with closing(sqlite3.connect(copy)) as copied:
        assert copied.execute("SELECT first_name FROM teams_user").fetchall() == [("Alicia",), ("",)]
        assert copied.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    connection.close()
    assert list_files(database.parent) == ["vanceweb.sqlite3", copy.name]


def test_only_the_newest_copies_are_kept(database):
    beside = database.with_name("vanceweb.sqlite3.mine")
    beside.touch()
    for number in range(KEPT_COPIES + 2):
        copy = copy_database(f"jobs.{number:04}")
        assert copy is not None
        os.utime(copy, (number, number))
    kept = {file.name for file in database.parent.glob("*.before-*")}
    assert kept == {f"vanceweb.sqlite3.before-jobs.{number:04}" for number in range(2, KEPT_COPIES + 2)}
    assert beside.exists()


def test_a_copy_that_breaks_off_stops_the_update_and_keeps_the_older_copy(database):
    older = get_copy(database)
    older.write_text("older")
    before = database.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limits[1]))
    try:
        with pytest.raises(NotPrepared) as refusal:
            migrate_database(pytest.fail)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert str(refusal.value) == (
        f"The database was not updated because it could not be copied to {older}: disk I/O error."
    )
    assert database.read_bytes() == before
    assert older.read_text() == "older"
    assert list_files(database.parent) == ["vanceweb.sqlite3", older.name]


def test_a_copy_that_cannot_be_replaced_stops_the_update(database):
    blocked = get_copy(database)
    blocked.mkdir()
    with pytest.raises(NotPrepared, match=r"could not be copied to .*: Is a directory\.$"):
        migrate_database(pytest.fail)
    assert list_files(database.parent) == ["vanceweb.sqlite3", blocked.name]


def test_a_new_database_is_not_copied(tmp_path, django_db_blocker):
    lines: list[str] = []
    with django_db_blocker.unblock(), use_database(f"sqlite:///{tmp_path / 'new.sqlite3'}"):
        migrate_database(lines.append)
    assert lines == ["Updating the database …"]
    assert list_files(tmp_path) == ["new.sqlite3"]


def test_a_newer_database_is_refused_with_the_copy_from_before_it(database):
    for name in ("0098_folders", "0099_albums"):
        MigrationRecorder(connection).record_applied("gallery", name)
    first, second = (copy_database(f"gallery.{name}") for name in ("0098_folders", "0099_albums"))
    assert first
    assert second
    os.utime(first, (1, 1))
    copy_database("teams.0002_teams")
    with pytest.raises(NotPrepared) as refusal:
        migrate_database(pytest.fail)
    assert str(refusal.value) == (
        "The database belongs to a newer version of vanceweb, which has applied the migration gallery.0099_albums. "
        f"Install that version again, or put back the copy from before the update, {first}."
    )


def test_a_newer_database_on_postgresql_is_refused(django_db_blocker):
    with django_db_blocker.unblock(), create_database() as url, use_database(url):
        MigrationRecorder(connection).record_applied("teams", "0099_guests")
        with pytest.raises(NotPrepared, match=r"teams\.0099_guests.*or put back your backup from before the update"):
            migrate_database(pytest.fail)


@pytest.mark.parametrize("command", ["up", "prepare"])
def test_a_newer_database_ends_the_command_with_one_sentence(database, command):
    MigrationRecorder(connection).record_applied("teams", "0099_guests")
    run = subprocess.run(
        build_manage_command(command),
        env=build_environment(database.parent, VAULT_KEYS=VAULT_KEY, COLLECT_STATIC="false"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr.splitlines() == [
        "The database belongs to a newer version of vanceweb, which has applied the migration teams.0099_guests. "
        "Install that version again, or put back your backup from before the update."
    ]
    assert "teams_team" not in connection.introspection.table_names()
