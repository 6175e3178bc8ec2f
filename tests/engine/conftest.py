"""Fixtures for the engine's API: accounts with tokens, pictures, and a queue that the test runs."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from pytest_django import Settings

from vanceweb.engine.accounts import create_account, find_account
from vanceweb.engine.models import Account, Transform, Upload
from vanceweb.ops.embedded_queue import EmbeddedQueue

DENOISE = json.dumps({"name": "denoise", "config": {"module": "denoise", "module_params": {"auto_params": True}}})


def picture(width: int = 24, height: int = 16, *, format: str = "PNG", mode: str = "RGB", **options: Any) -> bytes:
    """Return the bytes of a small picture with a gradient."""
    file = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert(mode).save(file, format, **options)
    return file.getvalue()


@dataclass
class Caller:
    """A client of the API with a token."""

    token: str
    http: Client = field(default_factory=Client)

    @property
    def account(self) -> Account:
        account = find_account(self.token)
        assert account is not None
        return account

    def post(self, path: str, **fields: Any) -> dict[str, Any]:
        answer = self.http.post(f"/web_api/v1/{path}", {"api_token": self.token, **fields})
        assert answer.status_code == 200
        body: dict[str, Any] = answer.json()
        return body

    def upload(self, content: bytes, name: str = "photo.png", **fields: Any) -> dict[str, Any]:
        return self.post("upload", file=SimpleUploadedFile(name, content), **fields)

    def create_upload(self, content: bytes | None = None) -> str:
        uid: str = self.upload(picture() if content is None else content)["data"]["uid"]
        return uid

    def create_transform(self, content: bytes | None = None, jconfig: str = DENOISE) -> str:
        """Submit a job, which stays queued, and return its trans_id."""
        answer = self.post("transform", uid=self.create_upload(content), jconfig=jconfig, wait="0")
        trans_id: str = answer["data"]["trans_id"]
        return trans_id


@pytest.fixture(autouse=True)
def engine_files(settings: Settings, tmp_path: Path, decoder: None) -> Path:
    """A separate storage and temporary folder for the test."""
    folder, temporary = tmp_path / "engine", tmp_path / "tmp"
    temporary.mkdir()
    engine = settings.STORAGES["engine"] | {"OPTIONS": {"location": folder}}
    settings.STORAGES = settings.STORAGES | {"engine": engine}
    settings.FILE_UPLOAD_TEMP_DIR = temporary
    return folder


@pytest.fixture
def alice(db: None) -> Caller:
    return Caller(create_account(name="Alice", credits=10))


@pytest.fixture
def bob(db: None) -> Caller:
    return Caller(create_account(name="Bob", credits=10))


@pytest.fixture
def work(transactional_db: None) -> Callable[[str], None]:
    """A function that runs the tasks of a queue until it is empty."""

    def run(name: str = "engine") -> None:
        queue = EmbeddedQueue(name, worker_id=f"test-{name}")
        while message := queue.fetch():
            queue.run(message)

    return run


@pytest.fixture
def finished(engine_files: Path) -> Callable[..., Transform]:
    """A function that creates finished transforms without a worker."""

    def make(account: Account, *, content: bytes = b"the result", cost: int = 1) -> Transform:
        upload = Upload.objects.create(
            account=account, name="photo.png", format="PNG", width=2, height=2, filesize=len(content)
        )
        transform = Transform.objects.create(
            account=account,
            upload=upload,
            uid=upload.uid,
            jconfig=DENOISE,
            job="denoise",
            cost=cost,
            state=Transform.State.FINISHED,
            attempts=1,
            result_attempt=1,
            result_name="photo-denoise.png",
            format="png",
            filesize=len(content),
        )
        path = engine_files / transform.get_result_path(1)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return transform

    return make
