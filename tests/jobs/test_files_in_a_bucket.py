"""The way of a picture through the site and the bundled engine, with all files in a bucket."""

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from tests.conftest import make_picture_file
from tests.jobs.conftest import JobDriver
from tests.object_store import ObjectStore
from vanceweb.engine.models import Transform, Upload
from vanceweb.engine.sweeps import delete_expired_files
from vanceweb.gallery.models import Asset, Blob
from vanceweb.gallery.services import delete_asset
from vanceweb.gallery.sizes import THUMBNAIL_SIZES
from vanceweb.gallery.thumbnails import make_thumbnails
from vanceweb.jobs.models import Job
from vanceweb.ops.management.commands.enhance import _write_result

Work = Callable[[str], None]
UNCHANGED = {"remove_noise": "0", "sharpen": "0"}


@pytest.fixture
def driver(driver: JobDriver, bucket: ObjectStore) -> JobDriver:
    return driver


def list_named_keys() -> list[str]:
    """Return the keys of the files that blobs name."""
    blobs = Blob.objects.all()
    names = [str(blob.file.name) for blob in blobs]
    names += [blob.get_thumbnail_path(size) for blob in blobs if blob.has_thumbnails for size in THUMBNAIL_SIZES]
    return sorted(f"media/{name}" for name in names)


def read(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_an_upload_becomes_a_result_with_thumbnails_and_everything_can_be_deleted(
    driver: JobDriver, bucket: ObjectStore, client: Client, work: Work, studio_files: Path, settings: Any
) -> None:
    client.force_login(driver.user)
    picture = SimpleUploadedFile("holiday.png", make_picture_file(32).getvalue())
    form = UNCHANGED | {"connection": str(driver.connection.uuid), "picture": picture}
    assert client.post("/t/studio/features/denoise/", form).status_code == 302
    job = Job.objects.get()
    work("io")
    driver.run_until(job, Job.State.DONE)

    assert job.result is not None
    assert sorted(bucket.list_keys("media/")) == list_named_keys()
    assert len(list_named_keys()) == 3 * Blob.objects.count()
    for size, side in THUMBNAIL_SIZES.items():
        thumbnail = client.get(f"/gallery/{job.result.uuid}/{size}.webp")
        assert max(Image.open(io.BytesIO(read(thumbnail))).size) <= side
    result = read(client.get(f"/gallery/{job.result.uuid}/file/"))
    assert Image.open(io.BytesIO(result)).size == (32, 16)

    assert bucket.list_keys("engine/uploads/")
    assert bucket.list_keys("engine/results/")
    old = timezone.now() - timedelta(seconds=settings.ENGINE_KEEP_SECONDS + 1)
    Transform.objects.update(finished_at=old)
    Upload.objects.update(created_at=old)
    delete_expired_files()
    assert bucket.list_keys("engine/") == []

    for asset in Asset.objects.all():
        assert client.post(f"/gallery/{asset.uuid}/delete/").status_code == 302
    assert bucket.list_keys() == []
    assert [path for path in studio_files.parent.rglob("*") if path.is_file()] == []


def test_files_of_interrupted_attempts_go_with_the_picture(driver: JobDriver, bucket: ObjectStore) -> None:
    asset = driver.upload()
    make_thumbnails(asset.blob_id)
    bucket.put(f"media/{asset.folder}/leftover.png", b"x")
    bucket.put("media/blobs/zz/others.png", b"x")
    delete_asset(asset=asset)
    assert bucket.list_keys() == ["media/blobs/zz/others.png"]


def test_bytes_that_were_lost_are_stored_again(driver: JobDriver, bucket: ObjectStore) -> None:
    lost = driver.upload()
    assert driver.upload().blob == lost.blob
    bucket.delete(f"media/{lost.file.name}")
    again = driver.upload()
    assert again.blob != lost.blob
    assert again.file.open("rb").read() == make_picture_file().getvalue()


def test_thumbnails_of_a_missing_picture_say_so(driver: JobDriver, bucket: ObjectStore) -> None:
    asset = driver.upload()
    bucket.delete(f"media/{asset.file.name}")
    make_thumbnails(asset.blob_id)
    asset.blob.refresh_from_db()
    assert asset.problem == "The picture's file is missing."


def test_a_job_whose_picture_is_gone_ends_with_its_sentence(driver: JobDriver, bucket: ObjectStore) -> None:
    job = driver.submit()
    assert job.source is not None
    make_thumbnails(job.source.blob_id)
    bucket.delete(f"media/{job.source.file.name}")
    driver.run_turn(job)
    assert (job.state, job.error) == (Job.State.FAILED, "The original picture was deleted before it could be sent.")


def test_a_job_waits_while_the_object_storage_doesnt_answer(
    driver: JobDriver, bucket: ObjectStore, settings: Any
) -> None:
    job = driver.submit()
    working = settings.STORAGES
    away = {"OPTIONS": working["default"]["OPTIONS"] | {"endpoint_url": "http://127.0.0.1:1"}}
    settings.STORAGES = working | {"default": working["default"] | away}
    driver.run_turn(job)
    assert (job.state, job.setbacks) == (Job.State.QUEUED, 1)
    settings.STORAGES = working
    driver.run_until(job, Job.State.DONE)


def test_the_shell_writes_a_result_from_the_bucket(driver: JobDriver, tmp_path: Path) -> None:
    source, target = tmp_path / "in.png", tmp_path / "out.png"
    source.write_bytes(make_picture_file(32).getvalue())
    job = driver.run_until(driver.submit(source=driver.upload(width=32)), Job.State.DONE)
    assert job.result is not None
    _write_result(job.result, target)
    assert Image.open(target).size == (32, 16)
