"""A disk that is full or read-only: a sentence, nothing half-done, and work that goes on when there is room."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection as database
from django.test import Client
from django.utils import timezone

from tests.conftest import get_bundled, make_picture_file
from tests.engine.conftest import DENOISE, picture
from tests.factories import make_result
from tests.small_disk import SmallDisk, run_small_disk
from tests.web_process import WebProcess
from vanceweb.engine.accounts import create_account
from vanceweb.engine.execution import execute_next_transform
from vanceweb.engine.models import LedgerEntry, Transform, Upload
from vanceweb.gallery.models import Asset, Blob
from vanceweb.gallery.thumbnails import make_next_thumbnails
from vanceweb.jobs.models import Job
from vanceweb.jobs.worker import advance_job
from vanceweb.lib.storage_faults import FULL, READ_ONLY
from vanceweb.lib.stored_names import iterate_files
from vanceweb.teams.models import User

SETTINGS = {"scale": "2", "suppress_noise": "0", "remove_blur": "0"}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with run_small_disk(tmp_path / "disk", kilobytes=1024) as disk:
        yield disk


@pytest.fixture(params=["full", "read-only"])
def fault(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


def break_disk(disk: SmallDisk, fault: str) -> None:
    disk.fill() if fault == "full" else disk.set_read_only(True)


def mend_disk(disk: SmallDisk, fault: str) -> None:
    disk.make_room() if fault == "full" else disk.set_read_only(False)


def put_on(disk: SmallDisk, settings: Any, place: str) -> None:
    """Put the pictures, the engine's files or the temporary files on the disk."""
    folder = disk.path / place
    folder.mkdir()
    if place == "tmp":
        settings.FILE_UPLOAD_TEMP_DIR = folder
    else:
        settings.STORAGES = settings.STORAGES | {
            place: settings.STORAGES[place] | {"OPTIONS": {"location": str(folder)}}
        }


def list_files(disk: SmallDisk) -> list[str]:
    return sorted(path.name for path in disk.path.rglob("*") if path.is_file() and path.name != "filler")


@pytest.mark.parametrize("place", ["default", "tmp"])
def test_30_an_upload_is_refused_with_a_sentence(
    place: str, fault: str, disk: SmallDisk, alice: User, settings: Any
) -> None:
    put_on(disk, settings, place)
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    path, connection = "/t/studio/features/enlarge3/", str(get_bundled(alice).uuid)

    def send() -> Any:
        file = SimpleUploadedFile("photo.png", make_picture_file(64, 64).read())
        return client.post(path, {**SETTINGS, "connection": connection, "picture": file})

    break_disk(disk, fault)
    answer = send()
    expected = FULL if fault == "full" else READ_ONLY
    assert answer.status_code == expected.status
    assert str(expected.sentence).replace("'", "&#x27;") in answer.content.decode()
    assert not Asset.objects.exists()
    assert not Blob.objects.exists()
    assert not Job.objects.exists()
    assert list_files(disk) == []
    mend_disk(disk, fault)
    assert send().status_code == 302
    assert Job.objects.count() == 1


@pytest.mark.parametrize("place", ["engine", "tmp"])
def test_30_the_api_refuses_an_upload_with_a_sentence(
    place: str, fault: str, disk: SmallDisk, db: None, studio_files: Path, settings: Any
) -> None:
    put_on(disk, settings, place)
    fields = {"api_token": create_account(name="machine", credits=5)}

    def send() -> dict[str, Any]:
        file = SimpleUploadedFile("photo.png", picture(64, 64))
        answer = Client().post("/web_api/v1/upload", {**fields, "file": file})
        assert answer.status_code == 200
        body: dict[str, Any] = answer.json()
        return body

    break_disk(disk, fault)
    expected = FULL if fault == "full" else READ_ONLY
    assert send() == {"code": 10010, "msg": str(expected.sentence)}
    assert not Upload.objects.exists()
    assert list_files(disk) == []
    mend_disk(disk, fault)
    assert send()["code"] == 200


@pytest.mark.parametrize("place", ["engine", "tmp"])
def test_30_a_transform_waits_and_goes_on(
    place: str, fault: str, disk: SmallDisk, db: None, studio_files: Path, settings: Any
) -> None:
    settings.ENGINE_OPERATIONS = "tests.operations.TIMED_OPERATIONS"
    put_on(disk, settings, place)
    token = create_account(name="machine", credits=5)
    file = SimpleUploadedFile("photo.png", picture(64, 64))
    uid = Client().post("/web_api/v1/upload", {"api_token": token, "file": file}).json()["data"]["uid"]
    sent = {"api_token": token, "uid": uid, "jconfig": DENOISE, "wait": "0"}
    trans_id = Client().post("/web_api/v1/transform", sent).json()["data"]["trans_id"]
    files = list_files(disk)
    break_disk(disk, fault)
    for _attempt in range(5):
        Transform.objects.update(not_before=timezone.now())
        assert execute_next_transform()
        transform = Transform.objects.get(trans_id=trans_id)
        assert (transform.state, transform.attempts) == (Transform.State.QUEUED, 0)
        assert transform.message == str((FULL if fault == "full" else READ_ONLY).waiting)
        assert transform.not_before is not None
        assert transform.not_before > timezone.now()
        assert list_files(disk) == files
    mend_disk(disk, fault)
    Transform.objects.update(not_before=timezone.now())
    assert execute_next_transform()
    transform.refresh_from_db()
    assert (transform.state, transform.message) == (Transform.State.FINISHED, "")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("place", ["default", "tmp"])
def test_30_a_job_waits_for_room_and_is_charged_once(
    place: str, fault: str, disk: SmallDisk, alice: User, settings: Any, client: Client
) -> None:
    settings.ENGINE_OPERATIONS = "tests.operations.TIMED_OPERATIONS"
    put_on(disk, settings, place)
    client.force_login(alice)
    file = SimpleUploadedFile("photo.png", make_picture_file(64, 64).read())
    fields = {**SETTINGS, "connection": str(get_bundled(alice).uuid), "picture": file}
    assert client.post("/t/studio/features/enlarge3/", fields).status_code == 302
    job = Job.objects.get()
    advance_job(job.pk)
    assert execute_next_transform()
    files = list_files(disk)
    Job.objects.update(state=Job.State.DOWNLOADING, not_before=timezone.now(), woken_at=timezone.now())
    break_disk(disk, fault)
    for _attempt in range(3):
        Job.objects.update(not_before=timezone.now())
        advance_job(job.pk)
        job.refresh_from_db()
        assert (job.state, job.setbacks) == (Job.State.DOWNLOADING, 0)
        assert job.error == str((FULL if fault == "full" else READ_ONLY).waiting)
        assert "The job waits until" in client.get(f"/jobs/{job.uuid}/").content.decode()
        assert list_files(disk) == files
        assert Blob.objects.count() == 1
    mend_disk(disk, fault)
    Job.objects.update(not_before=timezone.now())
    advance_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == (Job.State.DONE, "")
    assert LedgerEntry.objects.charges().count() == 1


def test_30_thumbnails_wait_as_often_as_it_takes(fault: str, disk: SmallDisk, alice: User, settings: Any) -> None:
    put_on(disk, settings, "default")
    client = Client()
    client.force_login(alice)
    file = SimpleUploadedFile("photo.png", make_picture_file(64, 64).read())
    client.post(
        "/t/studio/features/enlarge3/", {**SETTINGS, "connection": str(get_bundled(alice).uuid), "picture": file}
    )
    break_disk(disk, fault)
    for _attempt in range(5):
        Blob.objects.update(not_before=timezone.now())
        with pytest.raises(OSError):  # noqa: PT011 - the worker logs it
            make_next_thumbnails()
        assert Blob.objects.get().attempts == 0
        assert len(list_files(disk)) == 1
    mend_disk(disk, fault)
    Blob.objects.update(not_before=timezone.now())
    make_next_thumbnails()
    assert Blob.objects.get().has_thumbnails


@pytest.mark.django_db(transaction=True)
def test_26_a_deletion_whose_files_stay_is_finished_later(disk: SmallDisk, alice: User, settings: Any) -> None:
    put_on(disk, settings, "default")
    picture, client = make_result(alice), Client()
    client.force_login(alice)
    disk.set_read_only(True)
    assert client.post(f"/gallery/{picture.uuid}/delete/").status_code == 302
    assert not Blob.objects.exists()
    assert len(list_files(disk)) == 3
    disk.set_read_only(False)
    call_command("doctor", "--repair", "--min-age", "0", stdout=io.StringIO())
    assert list_files(disk) == []


def send_picture(client: Client, user: User, width: int) -> Any:
    file = SimpleUploadedFile("photo.png", make_picture_file(width, 16).read())
    fields = {**SETTINGS, "connection": str(get_bundled(user).uuid), "picture": file}
    return client.post("/t/studio/features/enlarge3/", fields)


def find_first_refusal(send: Callable[[int], Any]) -> Any:
    """Return the first answer that isn't a redirect to the job."""
    return next(answer for number in range(16, 500) if (answer := send(number)).status_code != 302)


# What SQLite does when the disk has no room for another page of the database, or can't be written to.
DATABASE_FAULTS = {
    "full": ("max_page_count = 1", "max_page_count = 1000000"),
    "read-only": ("query_only = 1", "query_only = 0"),
}


@pytest.mark.django_db(transaction=True)
def test_30_a_database_without_room_says_so_and_recovers(fault: str, alice: User) -> None:
    if database.vendor != "sqlite":
        pytest.skip("this whole test run is on PostgreSQL")
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    token = create_account(name="machine", credits=5)
    file = SimpleUploadedFile("photo.png", picture(64, 64))
    uid = client.post("/web_api/v1/upload", {"api_token": token, "file": file}).json()["data"]["uid"]
    large = json.dumps(json.loads(DENOISE) | {"note": "z" * 150_000})
    transform = {"api_token": token, "uid": uid, "jconfig": large, "wait": "0"}
    wrong, right = DATABASE_FAULTS[fault]
    with database.cursor() as cursor:
        cursor.execute(f"PRAGMA {wrong}")
    expected = FULL if fault == "full" else READ_ONLY
    try:
        # The free space in the pages that are there takes a few rows more.
        answer = find_first_refusal(lambda number: send_picture(client, alice, number))
        assert answer.status_code == expected.status
        assert str(expected.sentence).replace("'", "&#x27;") in answer.content.decode()
        assert Asset.objects.count() == Blob.objects.count() == Job.objects.count()
        assert sorted(file.name for file in iterate_files(storages["default"])) == sorted(
            Blob.objects.values_list("file", flat=True)
        )
        assert client.post("/web_api/v1/transform", transform).json() == {"code": 10010, "msg": str(expected.sentence)}
        assert client.get("/t/studio/").status_code == 200
    finally:
        with database.cursor() as cursor:
            cursor.execute(f"PRAGMA {right}")
    assert not Transform.objects.exists()
    assert client.post("/web_api/v1/transform", transform).json()["code"] == 200
    assert send_picture(client, alice, 1000).status_code == 302


def test_30_the_web_server_refuses_a_body_without_room(tmp_path: Path) -> None:
    """A body beyond 64 KB waits in a temporary file, before Django sees the request."""
    data = tmp_path / "data"
    with run_small_disk(tmp_path / "disk", kilobytes=4096) as disk:
        (data / "keys").mkdir(parents=True)
        (data / "tmp").symlink_to(disk.path)
        web = WebProcess(tmp_path, application="tests.ops.echo_application.application")
        web.environment["DATA_DIR"] = str(data)
        with web:
            disk.fill()
            for path, status, kind in (
                ("/login/", b"507 ", b"text/html"),
                ("/web_api/v1/upload", b"200 ", b"application/json"),
            ):
                head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n".encode()
                answer = web.send(head + b"x" * 1_000_000)
                assert answer.startswith(b"HTTP/1.1 " + status)
                assert kind in answer
                assert b"disk is full" in answer
            disk.make_room()
            assert web.send(head[:-2] + b"Connection: close\r\n\r\n" + b"x" * 1_000_000).startswith(b"HTTP/1.1 200 ")
