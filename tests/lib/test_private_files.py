"""The database, the keys and the pictures are for the site's user only, whatever the umask."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.upgrade.version_0_1 import use_database
from vanceweb.lib.private_files import find_open_paths
from vanceweb.ops.preparation import close_private_files, ensure_folder, migrate_database


def get_mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def umask() -> Any:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def data(tmp_path: Path, settings: Any) -> Path:
    """A data folder as an older version left it, with a database beside a stranger's file."""
    folder = tmp_path / "data"
    for name in ("keys", "tmp", "media", "engine"):
        (folder / name).mkdir(parents=True, mode=0o755)
    for name in (
        "vanceweb.sqlite3",
        "vanceweb.sqlite3-wal",
        "vanceweb.sqlite3-shm",
        "vanceweb.sqlite3.before-jobs.0001",
    ):
        (folder / name).touch(mode=0o644)
    for name in ("secret_key", "vault_keys"):
        (folder / "keys" / name).touch(mode=0o644)
    (folder / "notes.txt").touch(mode=0o644)
    settings.DATA_DIR, settings.KEYS_DIR, settings.FILE_UPLOAD_TEMP_DIR = folder, folder / "keys", folder / "tmp"
    settings.STORAGES = settings.STORAGES | {
        name: {"BACKEND": "", "OPTIONS": {"location": folder / place}}
        for name, place in {"default": "media", "engine": "engine"}.items()
    }
    settings.DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "vanceweb.sqlite3"}}
    return folder


def test_28_a_new_database_and_its_log_are_private(tmp_path: Path, umask: None, django_db_blocker: Any) -> None:
    ensure_folder("DATA_DIR", tmp_path / "data")
    file = tmp_path / "data" / "new.sqlite3"
    with django_db_blocker.unblock(), use_database(f"sqlite:///{file}"):
        migrate_database(lambda line: None)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("UPDATE django_migrations SET app = app")
        modes = {path.name: get_mode(path) for path in file.parent.iterdir()}
    assert modes == {"new.sqlite3": 0o600, "new.sqlite3-wal": 0o600, "new.sqlite3-shm": 0o600}
    assert get_mode(file.parent) == 0o700


def test_28_what_an_older_version_left_open_is_closed(data: Path, umask: None, settings: Any) -> None:
    close_private_files(pytest.fail)
    assert find_open_paths(settings) == []
    folders = [data, *(data / name for name in ("keys", "tmp", "media", "engine"))]
    assert {get_mode(folder) for folder in folders} == {0o700}
    files = [*data.glob("vanceweb.*"), *data.glob("keys/*")]
    assert len(files) == 6
    assert {get_mode(file) for file in files} == {0o600}
    assert get_mode(data / "notes.txt") == 0o644


def test_a_shared_folder_and_a_link_stay_as_they_are(data: Path, settings: Any) -> None:
    data.chmod(0o1777)
    elsewhere = data.parent / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    (data / "media").rmdir()
    (data / "media").symlink_to(elsewhere)
    close_private_files(pytest.fail)
    assert get_mode(data) == 0o1777
    assert get_mode(elsewhere) == 0o755
    assert get_mode(data / "vanceweb.sqlite3") == 0o600


def test_a_database_elsewhere_closes_its_own_folder_only(data: Path, settings: Any) -> None:
    own, shared = data.parent / "own", data.parent / "shared"
    for folder in (own, shared):
        folder.mkdir(mode=0o755)
    (shared / "index.html").touch()
    for folder in (own, shared):
        (folder / "base").touch(mode=0o644)
        settings.DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "base"}}
        close_private_files(pytest.fail)
        assert get_mode(folder / "base") == 0o600
    assert (get_mode(own), get_mode(shared)) == (0o700, 0o755)
