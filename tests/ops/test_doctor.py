"""`manage.py doctor` and the daily sweep: files without a row, rows without a file, and what is never touched."""

import io
import os
import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection as database
from django.test import Client
from django.utils import timezone

from tests.conftest import get_bundled, make_picture_file
from tests.factories import make_hosted_connection, make_job, make_result, make_upload
from tests.object_store import ObjectStore
from vanceweb.engine.accounts import create_account, find_account
from vanceweb.engine.models import Account, Transform, Upload
from vanceweb.gallery.models import Asset, Blob
from vanceweb.jobs.models import Job
from vanceweb.jobs.sweeps import delete_unused_uploads
from vanceweb.lib.stored_names import iterate_files
from vanceweb.ops.stray_sweep import StraySweep
from vanceweb.ops.temporary_files import remove_old_temporary_files
from vanceweb.teams.models import User
from vanceweb.vault.models import Connection

STRAYS = {
    "default": [
        "blobs/ab/{hex}/0123456789ab.png",
        "blobs/ab/{hex}/0123456789ab.tile-0123.webp",
        "assets/a/{hex}/a.jpg",
    ],
    "engine": ["uploads/ab/{hex}", "results/ab/{hex}-1"],
}
FOREIGN = {"default": ["README.txt", "holidays/beach.png"], "engine": ["uploads/ab/notes", "lost+found/x"]}


@pytest.fixture(autouse=True)
def machine(settings: Any, studio_files: Path, tmp_path: Path) -> Iterator[None]:
    """A machine with all weights, whose folders are the test's own and private."""
    settings.DATA_DIR = settings.KEYS_DIR = tmp_path
    for folder in (tmp_path, *(tmp_path / name for name in ("tmp", "media", "engine"))):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700)
    settings.DATABASES["default"]["NAME"], kept = tmp_path / "none.sqlite3", settings.DATABASES["default"]["NAME"]
    cache.clear()
    yield
    settings.DATABASES["default"]["NAME"] = kept


def run_doctor(*options: str) -> tuple[list[str], int]:
    """Return the lines of the report and the exit code."""
    output = io.StringIO()
    try:
        call_command("doctor", "--min-age", "0", *options, stdout=output)
    except SystemExit as end:
        return output.getvalue().splitlines(), int(str(end.code))
    return output.getvalue().splitlines(), 0


def write_strays(names: dict[str, list[str]] = STRAYS) -> dict[str, list[str]]:
    """Write files that no row refers to, and return their names by storage."""
    hex_id = uuid4().hex
    written = {storage: [name.format(hex=hex_id) for name in these] for storage, these in names.items()}
    for storage, these in written.items():
        for name in these:
            storages[storage].save(name, ContentFile(b"left over"))
    return written


def list_names(storage: str) -> set[str]:
    return {file.name for file in iterate_files(storages[storage])}


def make_engine_files() -> None:
    """Make an upload and a transform with two attempts, and their files."""
    account: Account | None = find_account(create_account(name="machine", credits=5))
    assert account is not None
    upload = Upload.objects.create(account=account, name="a.png", format="png", width=1, height=1, filesize=1)
    fields = {"account": account, "upload": upload, "uid": upload.uid, "jconfig": "{}", "job": "x", "cost": 1}
    transform = Transform.objects.create(**fields, attempts=2)
    for name in (upload.file_name, transform.get_result_path(1), transform.get_result_path(2)):
        storages["engine"].save(name, ContentFile(b"x"))


def test_26_strays_are_found_and_removed_when_asked(every_storage: str, alice: User) -> None:
    make_job(alice)
    make_engine_files()
    kept = {storage: list_names(storage) for storage in STRAYS}
    assert len(kept["default"]) == 6
    assert len(kept["engine"]) == 3
    assert run_doctor() == (["Nothing is wrong."], 0)
    strays, foreign = write_strays(), write_strays(FOREIGN)
    report, code = run_doctor()
    assert code == 1
    assert any(
        re.match(r"3 of 11 files in the storage “default” .* have no row, such as .*\.", line) for line in report
    )
    assert any(re.match(r"2 of 7 files in the storage “engine”", line) for line in report)
    assert all(set(strays[storage]) <= list_names(storage) for storage in STRAYS)
    report, code = run_doctor("--repair")
    assert code == 0
    assert report[-1] == "Nothing is wrong any more."
    assert all(list_names(storage) == kept[storage] | set(foreign[storage]) for storage in STRAYS)
    assert run_doctor()[1] == 0


def test_a_file_that_may_still_get_its_row_stays(alice: User) -> None:
    strays = write_strays()
    call_command("doctor", repair=True, stdout=io.StringIO())
    assert all(set(strays[storage]) <= list_names(storage) for storage in STRAYS)


def test_26_half_a_deletion_is_finished(every_storage: str, alice: User, bob: User) -> None:
    """A delete whose process died after the row, one that died before, and a person whom the database deleted."""
    first, second, third = (make_result(alice, width=width) for width in (10, 11, 12))
    make_result(bob, width=13)
    Asset.objects.filter(pk=first.pk).delete()
    Blob.objects.filter(pk=first.blob_id).delete()
    Asset.objects.filter(pk=second.pk).delete()
    Blob.objects.filter(pk=third.blob_id).update(references=7)
    Asset.objects.filter(created_by=bob).delete()
    report, code = run_doctor("--repair")
    assert (code, report[-1]) == (0, "Nothing is wrong any more.")
    assert "2 stored files belong to no picture any more." in report
    assert "1 stored files have a wrong number of pictures." in report
    (blob,) = Blob.objects.all()
    assert (blob.pk, blob.references) == (third.blob_id, 1)
    assert {name.split("/")[2] for name in list_names("default")} == {blob.uuid.hex}
    assert run_doctor()[1] == 0


def test_26_a_picture_without_its_file_says_so(every_storage: str, alice: User) -> None:
    lost, kept = make_result(alice, width=10), make_result(alice, width=11)
    storages["default"].delete(str(lost.file.name))
    report, code = run_doctor()
    assert code == 1
    assert report[0].startswith(f"1 pictures have lost their file, such as {lost.file.name}.")
    assert run_doctor("--repair")[1] == 0
    lost.blob.refresh_from_db()
    kept.blob.refresh_from_db()
    assert (lost.problem, kept.problem) == ("The picture's file is missing.", "")
    assert run_doctor()[1] == 0


def test_26_a_refused_form_leaves_no_upload(
    alice: User, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    """Between the check of the form and the job, somebody deletes the connection."""
    connection = get_bundled(alice)
    client.force_login(alice)

    def delete_connection(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        if sql.startswith('INSERT INTO "gallery_asset"'):
            Connection.objects.filter(pk=connection.pk).delete()
        return execute(sql, *more)

    settings = {"scale": "4", "suppress_noise": "10", "remove_blur": "20"}
    picture = SimpleUploadedFile("photo.png", make_picture_file().read())
    with database.execute_wrapper(delete_connection), django_capture_on_commit_callbacks(execute=True):
        answer = client.post(
            "/t/studio/features/enlarge3/", {**settings, "connection": str(connection.uuid), "picture": picture}
        )
    assert answer.status_code == 422
    assert "must be the team&#x27;s or your own" in answer.content.decode()
    assert not Job.objects.exists()
    assert not Asset.objects.exists()
    assert not Blob.objects.exists()
    assert not list_names("default")


def test_26_uploads_without_a_job_go_after_a_day(alice: User) -> None:
    young, old, used = (make_upload(alice, width=width) for width in (10, 11, 12))
    make_job(alice, source=used)
    past = timezone.now() - timedelta(days=1, minutes=1)
    Asset.objects.filter(pk__in=[old.pk, used.pk]).update(created_at=past)
    delete_unused_uploads()
    assert set(Asset.objects.filter(kind=Asset.Kind.UPLOAD)) == {young, used}


def age(names: dict[str, list[str]], days: float = 2) -> None:
    for storage, these in names.items():
        for name in these:
            then = time.time() - days * 24 * 3600
            os.utime(storages[storage].path(name), (then, then))


def test_26_the_daily_sweep_removes_old_strays(alice: User) -> None:
    make_job(alice)
    old, young, foreign = write_strays(), write_strays(), write_strays(FOREIGN)
    age(old)
    age(foreign)
    kept = {storage: list_names(storage) - set(old[storage]) for storage in STRAYS}
    StraySweep().advance()
    assert all(list_names(storage) == kept[storage] for storage in STRAYS)
    assert all(set(young[storage]) <= kept[storage] for storage in STRAYS)


def test_26_the_sweep_goes_on_where_it_stopped(alice: User, django_assert_max_num_queries: Any) -> None:
    for _number in range(4):
        age(write_strays())
    sweep = StraySweep(step_files=5)
    counts = []
    for _step in range(8):
        with django_assert_max_num_queries(5):
            sweep.advance()
        counts.append(len(list_names("default")) + len(list_names("engine")))
    assert counts == sorted(counts, reverse=True)
    assert (counts[0], counts[-1]) == (20, 0)
    assert len(set(counts)) > 3
    age(write_strays())
    sweep.advance()
    assert list_names("default")


def test_a_storage_that_doesnt_answer_is_walked_later(alice: User, settings: Any) -> None:
    sweep = StraySweep()
    age(write_strays())
    working = settings.STORAGES
    away = ObjectStore("http://127.0.0.1:1", client=None, prefix="x").build_storages()
    settings.STORAGES = working | {"default": away["default"]}
    with pytest.raises(OSError, match="EndpointConnectionError"):
        sweep.advance()
    settings.STORAGES = working
    sweep.advance()
    assert list_names("default")


def test_a_wrong_database_loses_nothing(alice: User, caplog: Any) -> None:
    strays = write_strays()
    age(strays)
    StraySweep(many=2).advance()
    assert set(strays["default"]) <= list_names("default")
    assert "3 of 3 files in the storage “default” have no row in this database. Is it the right one?" in caplog.text


@pytest.mark.django_db
def test_a_new_database_removes_nothing(studio_files: Path) -> None:
    strays = write_strays()
    age(strays)
    StraySweep().advance()
    assert all(set(strays[storage]) <= list_names(storage) for storage in STRAYS)


def test_26_temporary_files_of_killed_processes_go(alice: User, settings: Any) -> None:
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    (folder / "engine-old").mkdir()
    for name in ("old.upload.png", "engine-old/target", "new.upload.png"):
        (folder / name).touch()
    for name in ("old.upload.png", "engine-old"):
        os.utime(folder / name, (1, 1))
    report, code = run_doctor()
    assert (code, report[0]) == (1, f"2 temporary files in {folder} were left behind.")
    remove_old_temporary_files()
    assert [path.name for path in folder.iterdir()] == ["new.upload.png"]
    assert run_doctor()[1] == 0


def test_rights_weights_tokens_and_disks(alice: User, settings: Any, tmp_path: Path) -> None:
    make_hosted_connection(alice)
    tmp_path.chmod(0o755)
    settings.MODELS_DIR = tmp_path / "models"
    settings.VAULT_KEYS = ["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="]
    report, code = run_doctor()
    assert code == 1
    text = "\n".join(report)
    assert f"Other users of this machine have rights to {tmp_path}." in text
    assert "The model weights span-x2, " in text
    assert "The tokens of 2 connections can't be decrypted" in text
    report, code = run_doctor("--repair")
    assert code == 1
    assert tmp_path.stat().st_mode & 0o777 == 0o700
