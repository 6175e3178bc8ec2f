"""Fixtures for all tests."""

import io
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from PIL import Image

from vanceweb.ops.services import create_person
from vanceweb.teams.models import User
from vanceweb.vault.models import Connection

# Every run uses the same examples, so that a failure in CI can be repeated locally.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.load_profile("steady")

PASSWORD = "correct horse battery"


def make_picture_file(
    width: int = 24, height: int = 16, *, format: str = "PNG", mode: str = "RGB", **options: Any
) -> io.BytesIO:
    """Return a small picture with a gradient, as a file."""
    file = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert(mode).save(file, format, **options)
    file.seek(0)
    return file


@pytest.fixture
def studio_files(settings: Any, tmp_path: Path) -> Path:
    """The site's media folder; all storages and temporary files are in the test's own folder."""
    temporary, media = tmp_path / "tmp", tmp_path / "media"
    temporary.mkdir(exist_ok=True)
    storages = {
        "default": settings.STORAGES["default"] | {"OPTIONS": {"location": media}},
        "engine": settings.STORAGES["engine"] | {"OPTIONS": {"location": tmp_path / "engine"}},
    }
    settings.STORAGES = settings.STORAGES | storages
    settings.FILE_UPLOAD_TEMP_DIR = temporary
    # No heartbeat during a test: the connection of its thread can't see the test's transaction.
    settings.LEASE_SECONDS, settings.LEASE_HEARTBEAT_SECONDS = 300, 200
    return media


@pytest.fixture
def alice(db: None, studio_files: Path) -> User:
    """The installation's owner, with a connection to the bundled engine."""
    return create_person(username="alice", password=PASSWORD, is_owner=True)


@pytest.fixture
def bob(db: None, studio_files: Path) -> User:
    """Another member, with pictures and jobs of his own."""
    return create_person(username="bob", password=PASSWORD)


@pytest.fixture
def charlie(db: None, studio_files: Path) -> User:
    """A stranger to what alice and bob have."""
    return create_person(username="charlie", password=PASSWORD)


@pytest.fixture
def bundled(alice: User) -> Connection:
    """Alice's connection to the real engine, in this process.

    A test that calls the engine needs `transactional_db`: a WSGI call closes connections that are inside a transaction.
    """
    return Connection.objects.get(owner=alice, service="bundled")
