"""The link that creates the first account works once, with the latest secret, on an empty installation."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from vanceweb.ops import setup_link

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


def test_secret_is_valid_on_an_empty_installation():
    assert setup_link.is_valid(setup_link.create_secret())


def test_wrong_and_missing_secrets_are_invalid():
    assert not setup_link.is_valid("anything")
    setup_link.create_secret()
    assert not setup_link.is_valid("anything")
    assert not setup_link.is_valid("")
    assert not setup_link.is_valid("ünïcode")


def test_next_start_invalidates_the_previous_link():
    first = setup_link.create_secret()
    second = setup_link.create_secret()
    assert first != second
    assert not setup_link.is_valid(first)
    assert setup_link.is_valid(second)


def test_first_user_closes_it_for_good():
    secret = setup_link.create_secret()
    get_user_model().objects.create_user("alice")
    assert not setup_link.is_open()
    assert not setup_link.is_valid(secret)


def test_only_one_of_two_callers_closes_it():
    secret = setup_link.create_secret()
    assert setup_link.close()
    assert not setup_link.close()
    assert not setup_link.is_valid(secret)


def test_only_a_hash_is_stored_and_only_its_owner_can_read_it(folder):
    secret = setup_link.create_secret()
    kept = list(folder.iterdir())
    assert [stat.S_IMODE(os.stat(path).st_mode) for path in kept] == [0o600]
    assert secret not in kept[0].read_text()
