"""The link that makes the owner's account opens once, for its latest secret, on an empty installation."""

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


def test_secret_opens_an_empty_installation():
    assert setup_link.opens(setup_link.new_secret())


def test_wrong_secret_and_no_secret_open_nothing():
    assert not setup_link.opens("anything")
    setup_link.new_secret()
    assert not setup_link.opens("anything")
    assert not setup_link.opens("")
    assert not setup_link.opens("ünïcode")


def test_next_start_makes_the_link_before_useless():
    first = setup_link.new_secret()
    second = setup_link.new_secret()
    assert first != second
    assert not setup_link.opens(first)
    assert setup_link.opens(second)


def test_first_user_closes_it_for_good():
    secret = setup_link.new_secret()
    get_user_model().objects.create_user("alice")
    assert not setup_link.is_open()
    assert not setup_link.opens(secret)


def test_only_one_of_two_closes_it():
    secret = setup_link.new_secret()
    assert setup_link.close()
    assert not setup_link.close()
    assert not setup_link.opens(secret)


def test_only_a_hash_is_kept_and_only_its_owner_reads_it(folder):
    secret = setup_link.new_secret()
    kept = list(folder.iterdir())
    assert [stat.S_IMODE(os.stat(path).st_mode) for path in kept] == [0o600]
    assert secret not in kept[0].read_text()
