"""The administrators' page about models."""

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from tests.conftest import PASSWORD
from tests.engine.processing.tiny_networks import write_tiny_network
from vanceweb.engine.processing.cutout.matting import ISNET, U2NET
from vanceweb.teams.models import User
from vanceweb.teams.services import create_user


@pytest.fixture
def models_dir(settings: Settings, tmp_path: Path) -> Path:
    """A models directory with a damaged ISNet and a tiny network in U2-Net's place."""
    settings.MODELS_DIR = tmp_path
    (tmp_path / ISNET.files[0]).parent.mkdir()
    (tmp_path / ISNET.files[0]).write_bytes(b"not a network")
    assert U2NET.interface
    write_tiny_network(tmp_path / U2NET.files[0], U2NET.interface)
    return tmp_path


def test_each_backend_is_listed_with_its_state(models_dir: Path, alice: User, client: Client) -> None:
    client.force_login(alice)
    response = client.get("/models/")
    page = " ".join(response.content.decode().split())
    (subject,) = [slot for slot in response.context["slots"] if slot.name == "subject"]
    states = {row["backend"]: row["state"] for row in subject.backends}
    assert (states[ISNET.name], states[U2NET.name]) == ("unusable", "in use")
    assert "isnet/isnet.onnx cannot be used: it is damaged or not an ONNX file." in page
    assert "Remove background" in page
    assert str(models_dir) in page


@pytest.mark.parametrize("problem", ["too slow", "failed"])
def test_a_list_that_fails_is_a_sentence(
    problem: str, models_dir: Path, alice: User, client: Client, settings: Settings, tmp_path: Path
) -> None:
    if problem == "too slow":
        settings.BUNDLED_MODELS_SECONDS = 0.01
    else:
        settings.BASE_DIR = tmp_path  # has no manage.py
    client.force_login(alice)
    response = client.get("/models/")
    assert response.status_code == 503
    assert "The models could not be listed, or it took too long." in response.content.decode()


def test_the_list_is_kept_until_a_file_changes(
    models_dir: Path, alice: User, client: Client, settings: Settings, tmp_path: Path
) -> None:
    client.force_login(alice)
    assert client.get("/models/").status_code == 200
    settings.BASE_DIR = tmp_path  # has no manage.py: another list would fail
    assert client.get("/models/").status_code == 200
    (models_dir / ISNET.files[0]).write_bytes(b"another file that is not a network")
    assert client.get("/models/").status_code == 503


def test_only_administrators_may_see_it(alice: User, bob: User, charlie: User, client: Client) -> None:
    for person in (bob, charlie):
        client.force_login(person)
        assert client.get("/models/").status_code == 403
        assert b"/models/" not in client.get("/", follow=True).content
    client.force_login(alice)
    assert b"/models/" in client.get("/", follow=True).content


def test_an_administrator_needs_no_team(db: None, client: Client) -> None:
    client.force_login(create_user(username="andrew", password=PASSWORD, is_administrator=True))
    response = client.get("/models/")
    assert response.status_code == 200
    assert b"/t/" not in response.content
