"""Missing requirements of a start are reported in a sentence; finished steps are not repeated."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command

from tests.object_store import BUCKET, ObjectStore
from vanceweb.lib.storage_url import Credentials, build_storages
from vanceweb.ops.data_lock import AlreadyRunning, lock_data_folder
from vanceweb.ops.preparation import NotPrepared, check_bucket, check_vault_keys, ensure_folder, migrate_database
from vanceweb.ops.static_files import collect_if_changed
from vanceweb.teams.models import User


def test_missing_folder_is_created(tmp_path):
    ensure_folder("DATA_DIR", tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def test_folder_that_cannot_be_created_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotPrepared, match=r"DATA_DIR=.*/file/data can't be created: Not a directory"):
        ensure_folder("DATA_DIR", tmp_path / "file" / "data")


@pytest.mark.django_db
def test_database_that_is_up_to_date_is_left_alone():
    lines: list[str] = []
    migrate_database(lines.append)
    assert lines == []


@pytest.mark.django_db
def test_tokens_that_the_keys_dont_fit_are_named_and_stop_no_start(alice: User, settings: Any) -> None:
    lines: list[str] = []
    check_vault_keys(lines.append)
    assert lines == []
    settings.VAULT_KEYS = [Fernet.generate_key().decode()]
    check_vault_keys(lines.append)
    assert len(lines) == 1
    assert "can't be decrypted with VAULT_KEYS: Bundled engine." in lines[0]


def test_a_vault_key_that_is_none_stops_the_start(settings: Any) -> None:
    settings.VAULT_KEYS = ["not-a-key"]
    with pytest.raises(NotPrepared, match="VAULT_KEYS can't be used"):
        check_vault_keys(print)


def test_second_start_on_one_data_folder_is_refused_by_name(tmp_path):
    with lock_data_folder(tmp_path):
        second = lock_data_folder(tmp_path)
        with pytest.raises(AlreadyRunning, match=r"is already running on .* \(process \d+\)"):
            second.__enter__()
    with lock_data_folder(tmp_path):
        pass


@pytest.fixture
def collected(settings: Any, tmp_path: Path) -> Path:
    """A source folder with one style sheet, and a STATIC_ROOT of the test's own beside it."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "site.css").write_text("body { color: red }")
    settings.STATICFILES_DIRS, settings.STATIC_ROOT = [source], tmp_path / "collected"
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    return source


def test_static_files_are_collected_once(collected, settings):
    assert collect_if_changed()
    assert (settings.STATIC_ROOT / "site.css").exists()
    assert not collect_if_changed()


def test_changed_and_removed_sources_are_collected_again(collected, settings):
    (collected / "old.css").write_text("p {}")
    collect_if_changed()
    (collected / "site.css").write_text("body { color: rebeccapurple }")
    (collected / "old.css").unlink()
    assert collect_if_changed()
    assert "rebecca" in (settings.STATIC_ROOT / "site.css").read_text()
    assert not (settings.STATIC_ROOT / "old.css").exists()


def test_interrupted_collecting_is_repeated(collected, settings):
    collect_if_changed()
    Path(f"{settings.STATIC_ROOT}.stamp").unlink()
    assert collect_if_changed()


def test_missing_front_end_packages_are_named(settings, tmp_path, db):
    settings.NODE_MODULES_DIR = tmp_path / "node_modules"
    settings.DATA_DIR = tmp_path
    with pytest.raises(SystemExit, match="front-end packages are missing; `make setup` installs them"):
        call_command("prepare")


def test_a_bucket_that_cant_be_used_is_named_before_the_start(bucket: ObjectStore, settings: Any) -> None:
    check_bucket()
    for right, wrong, reason in [
        (BUCKET, "nowhere", "the object storage answered NoSuchBucket"),
        (bucket.endpoint, "http://127.0.0.1:1", "the object storage failed with EndpointConnectionError"),
    ]:
        url = bucket.url.replace(f"@{right}", f"@{wrong}").replace(f"={right}", f"={wrong}")
        built = build_storages(url, Credentials("", ""), folders={"default": Path("media")})
        settings.STORAGES = settings.STORAGES | built
        with pytest.raises(NotPrepared, match=rf"^The bucket of STORAGE_URL can't be used: {reason}\.$"):
            check_bucket()
