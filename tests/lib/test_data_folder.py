"""Keys and folders are created where they are missing, and nowhere else."""

import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.core.signing import Signer

from vanceweb.lib.data_folder import check_keys_and_folders, create_keys_and_folders
from vanceweb.lib.key_files import read_on_first_use


@pytest.fixture
def site(tmp_path: Path) -> Any:
    """Settings whose keys have no files yet."""
    return SimpleNamespace(
        FILE_UPLOAD_TEMP_DIR=tmp_path / "data" / "tmp",
        SECRET_KEY=read_on_first_use(tmp_path / "data" / "keys" / "secret_key", str),
        VAULT_KEYS=read_on_first_use(tmp_path / "data" / "keys" / "vault_keys", str.split),
        ENGINE_TOKEN_KEY=read_on_first_use(tmp_path / "data" / "keys" / "engine_token_key", str),
    )


def test_the_process_that_creates_the_keys_can_use_them(site: Any, settings: Any) -> None:
    create_keys_and_folders(site)
    check_keys_and_folders(site)
    assert Fernet(site.VAULT_KEYS[0]).decrypt(Fernet(site.VAULT_KEYS[0]).encrypt(b"token")) == b"token"
    assert len(site.ENGINE_TOKEN_KEY.encode()) >= 64
    settings.SECRET_KEY = site.SECRET_KEY
    assert Signer().unsign(Signer(key=str(site.SECRET_KEY)).sign("session")) == "session"


def test_a_second_call_keeps_the_keys(site: Any, tmp_path: Path) -> None:
    create_keys_and_folders(site)
    before = {path: path.read_text() for path in (tmp_path / "data" / "keys").iterdir()}
    create_keys_and_folders(site)
    assert {path: path.read_text() for path in (tmp_path / "data" / "keys").iterdir()} == before
    assert {path.name for path in before} == {"secret_key", "vault_keys", "engine_token_key"}


def test_only_the_owner_can_enter_the_folders(site: Any, tmp_path: Path) -> None:
    create_keys_and_folders(site)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()} == {0o700}


def test_a_key_from_the_environment_gets_no_file(site: Any, tmp_path: Path) -> None:
    site.SECRET_KEY = "from the environment"
    create_keys_and_folders(site)
    assert not (tmp_path / "data" / "keys" / "secret_key").exists()
    assert (tmp_path / "data" / "keys" / "vault_keys").exists()


def test_whatever_is_missing_is_named(site: Any, tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"keys/secret_key is missing\. Run `manage\.py prepare` first"):
        check_keys_and_folders(site)
    assert not (tmp_path / "data").exists()
    create_keys_and_folders(site)
    site.FILE_UPLOAD_TEMP_DIR.rmdir()
    with pytest.raises(ImproperlyConfigured, match=r"data/tmp is missing\. Run `manage\.py prepare` first"):
        check_keys_and_folders(site)
