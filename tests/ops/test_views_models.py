"""The owner's page about models."""

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from tests.engine.processing.tiny_networks import write_tiny_network
from vanceweb.engine.processing.cutout.matting import ISNET, U2NET
from vanceweb.teams.models import User


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


def test_only_the_owner_may_see_it(bob: User, client: Client) -> None:
    client.force_login(bob)
    assert client.get("/models/").status_code == 403
    assert b"/models/" not in client.get("/").content
