"""The engine's API and its sweeper with all files in a bucket."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.engine.conftest import DENOISE, Caller, picture
from tests.object_store import ObjectStore
from vanceweb.engine.models import Transform, Upload
from vanceweb.engine.sweeps import delete_expired_files

Work = Callable[[], None]


@pytest.fixture
def store(engine_files: Any, bucket: ObjectStore) -> ObjectStore:
    return bucket


@pytest.fixture
def done(store: ObjectStore, alice: Caller, work: Work) -> Transform:
    """A transform that the worker has finished."""
    alice.create_transform(picture(32, 16))
    work()
    return Transform.objects.get(state=Transform.State.FINISHED)


def download(caller: Caller, transform: Transform) -> Any:
    return caller.http.get("/web_api/v1/download", {"api_token": caller.token, "trans_id": transform.trans_id})


def test_a_result_is_streamed_with_its_length_and_name(done: Transform, alice: Caller, store: ObjectStore) -> None:
    response = download(alice, done)
    content = response.getvalue()
    assert content.startswith(b"\x89PNG")
    assert response["Content-Length"] == str(len(content)) == str(done.filesize)
    assert "attachment" in response["Content-Disposition"]
    assert response["Cache-Control"] == "no-store"
    assert alice.account.used == 1
    assert store.list_keys("engine/results/") == [f"engine/{done.get_result_path(1)}"]


def test_no_proxy_stands_before_the_engine(done: Transform, alice: Caller, settings: Any) -> None:
    settings.X_ACCEL_LOCATION = "/_files/"
    response = download(alice, done)
    assert "X-Accel-Redirect" not in response
    assert len(response.getvalue()) == done.filesize


def test_a_removed_result_is_not_found_and_not_charged(done: Transform, alice: Caller, store: ObjectStore) -> None:
    store.delete(f"engine/{done.get_result_path(1)}")
    assert download(alice, done).json()["code"] == 10011
    assert alice.account.used == 0


def test_a_removed_upload_ends_its_job(store: ObjectStore, alice: Caller, work: Work) -> None:
    uid = alice.create_upload()
    trans_id = alice.post("transform", uid=uid, jconfig=DENOISE, wait="0")["data"]["trans_id"]
    store.delete(f"engine/{Upload.objects.get().file_name}")
    work()
    data = alice.post("progress", trans_id=trans_id)["data"]
    assert (data["status"], data["msg"]) == ("fatal", "The job failed and exited for an unexpected reason.")


def test_expired_files_are_swept_and_younger_ones_stay(
    done: Transform, alice: Caller, store: ObjectStore, settings: Any
) -> None:
    store.put(f"engine/{done.get_result_path(2)}", b"of a worker that was killed")
    old = timezone.now() - timedelta(seconds=settings.ENGINE_KEEP_SECONDS + 1)
    Transform.objects.update(finished_at=old, attempts=2)
    Upload.objects.update(created_at=old)
    young = alice.create_upload(picture(33, 16))
    delete_expired_files()
    assert not Transform.objects.exists()
    assert store.list_keys() == [f"engine/{Upload.objects.get(uid=young).file_name}"]
    assert alice.post("transform", uid=young, jconfig=json.dumps({}))["code"] != 10011
