"""Thumbnails: one worker renders at a time, whatever happens to it, and nobody ever gets a part of a file."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import pytest
from django.core.files.storage import FileSystemStorage
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from PIL import Image

from tests.conftest import as_actor, make_picture_file
from tests.gallery.threads import run_at_once
from tests.jobs.crashes import CrashPlan, apply_crash_plan
from vanceweb.gallery.models import Asset, Blob
from vanceweb.gallery.services import delete_asset, store_upload
from vanceweb.gallery.sizes import THUMBNAIL_SIZES
from vanceweb.gallery.sweeps import wake_due_thumbnails
from vanceweb.gallery.thumbnails import (
    THUMBNAIL_MAX_ATTEMPTS,
    THUMBNAIL_RETRY_SECONDS,
    ThumbnailsPending,
    ensure_thumbnails,
    make_next_thumbnails,
)
from vanceweb.lib.leases import claim
from vanceweb.lib.wakeups import BATCH
from vanceweb.teams.models import User

pytestmark = pytest.mark.django_db(transaction=True)


class WatchedStorage(FileSystemStorage):
    """A storage that records the names it saves, and calls the test before it opens or saves a file."""

    saved: ClassVar[list[str]] = []
    before_open: ClassVar[list[Callable[[], object]]] = []
    before_save: ClassVar[list[Callable[[], object]]] = []

    def _open(self, name: str, mode: str = "rb") -> Any:
        call_once(self.before_open)
        return super()._open(name, mode)

    def _save(self, name: str, content: Any) -> str:
        call_once(self.before_save)
        self.saved.append(name)
        saved: str = super()._save(name, content)
        return saved


def call_once(actions: list[Callable[[], object]]) -> None:
    if actions:
        actions.pop()()


@pytest.fixture
def storage(settings: Any, studio_files: Path) -> type[WatchedStorage]:
    default = settings.STORAGES["default"] | {"BACKEND": f"{__name__}.WatchedStorage"}
    settings.STORAGES = settings.STORAGES | {"default": default}
    for record in (WatchedStorage.saved, WatchedStorage.before_open, WatchedStorage.before_save):
        record.clear()
    return WatchedStorage


def upload(user: User, width: int = 24) -> Asset:
    return store_upload(actor=as_actor(user), file=make_picture_file(width), name="x.png")


def expire_leases() -> None:
    now, second = timezone.now(), timedelta(seconds=1)
    Blob.objects.exclude(lease_until=None).update(woken_at=now - 2 * second, lease_until=now - second)


def count_messages() -> int:
    return DBTaskResult.objects.filter(task_path="vanceweb.gallery.tasks.make_thumbnails").count()


def check_files(media: Path, blob: Blob) -> None:
    """Check that the blob's folder has its picture and two complete thumbnails, and nothing else."""
    names = [blob.file.name, *(blob.get_thumbnail_path(size) for size in THUMBNAIL_SIZES)]
    assert sorted(path for path in media.rglob("*") if path.is_file()) == sorted(media / str(name) for name in names)
    for size in THUMBNAIL_SIZES:
        with Image.open(media / blob.get_thumbnail_path(size)) as image:
            image.load()


def test_an_upload_sends_one_message_and_a_second_one_of_its_bytes_none(alice: User, studio_files: Path) -> None:
    blob = upload(alice).blob
    upload(alice)
    assert (count_messages(), wake_due_thumbnails()) == (1, 0)
    make_next_thumbnails()
    blob.refresh_from_db()
    assert (blob.has_thumbnails, blob.not_before, blob.lease_token) == (True, None, None)
    check_files(studio_files, blob)
    upload(alice)
    assert (count_messages(), wake_due_thumbnails()) == (1, 0)


def test_a_worker_that_was_paused_leaves_the_work_of_its_successor_alone(
    alice: User, studio_files: Path, storage: type[WatchedStorage]
) -> None:
    blob = upload(alice).blob
    storage.before_save.append(lambda: (expire_leases(), make_next_thumbnails()))
    make_next_thumbnails()
    blob.refresh_from_db()
    assert (blob.has_thumbnails, blob.attempts) == (True, 2)
    assert len(storage.saved) == 5, "the upload, and two thumbnails by each worker"
    check_files(studio_files, blob)


def test_a_paused_worker_whose_successor_hasnt_finished_waits(alice: User, storage: type[WatchedStorage]) -> None:
    blob = upload(alice).blob
    storage.before_save.append(lambda: (expire_leases(), claim_as_another_worker(blob)))
    with pytest.raises(ThumbnailsPending):
        ensure_thumbnails(blob)


def claim_as_another_worker(blob: Blob) -> None:
    assert claim(Blob.objects.all(), pk=blob.pk, duration=timedelta(minutes=1)) is not None


def test_a_picture_deleted_meanwhile_leaves_no_thumbnails(
    alice: User, studio_files: Path, storage: type[WatchedStorage]
) -> None:
    asset = upload(alice)
    storage.before_save.append(lambda: delete_asset(asset=asset))
    make_next_thumbnails()
    assert [path for path in studio_files.rglob("*") if path.is_file()] == []


def test_a_thumbnail_is_served_only_when_it_is_complete(
    alice: User, client: Client, storage: type[WatchedStorage]
) -> None:
    asset = upload(alice)
    client.force_login(alice)
    url = f"/gallery/{asset.uuid}/tile.webp"
    statuses: list[int] = []

    def ask() -> None:
        statuses.append(client.get(url).status_code)
        storage.before_save.append(ask)

    storage.before_save.append(ask)
    make_next_thumbnails()
    assert statuses == [404, 404]
    assert client.get(url).status_code == 200


def test_thumbnails_of_an_older_version_are_still_served(alice: User, client: Client, studio_files: Path) -> None:
    asset = upload(alice)
    (studio_files / f"{str(asset.file.name).removesuffix('.png')}.tile.webp").write_bytes(b"made before")
    Blob.objects.update(thumbnails_at=timezone.now(), not_before=None)
    client.force_login(alice)
    response = client.get(f"/gallery/{asset.uuid}/tile.webp")
    assert b"".join(response.streaming_content) == b"made before"  # type: ignore[attr-defined]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_renderer_that_was_killed_anywhere_is_replaced(alice: User, studio_files: Path, settings: Any) -> None:
    default = settings.STORAGES["default"] | {"BACKEND": "tests.jobs.crashes.CrashingStorage"}
    settings.STORAGES = settings.STORAGES | {"default": default}
    crash_at, has_crashed = 0, True
    while has_crashed:
        crash_at += 1
        asset = upload(alice, 24 + crash_at)
        plan = CrashPlan(crash_at=crash_at)
        with apply_crash_plan(plan):
            make_next_thumbnails()
        has_crashed = plan.has_crashed
        expire_leases()
        DBTaskResult.objects.all().delete()
        blob = Blob.objects.get()
        assert wake_due_thumbnails() == (blob.lease_until is not None), "woken at once"
        make_next_thumbnails()
        blob.refresh_from_db()
        check_files(studio_files, blob)
        delete_asset(asset=asset)
    assert crash_at > 8


def test_a_picture_that_kills_workers_is_left_to_jobs(alice: User) -> None:
    blob = upload(alice).blob
    for attempt in range(THUMBNAIL_MAX_ATTEMPTS):
        assert wake_due_thumbnails() == (1 if attempt else 0)
        claim_as_another_worker(blob)
        expire_leases()
    make_next_thumbnails()
    blob.refresh_from_db()
    assert (wake_due_thumbnails(), blob.has_thumbnails, blob.attempts) == (0, False, THUMBNAIL_MAX_ATTEMPTS)
    ensure_thumbnails(blob)
    assert blob.has_thumbnails


def fail_with_a_full_disk() -> None:
    raise OSError("No space left on device")


def test_an_error_that_isnt_the_pictures_is_tried_again_later(
    alice: User, studio_files: Path, storage: type[WatchedStorage]
) -> None:
    blob = upload(alice).blob
    storage.before_save.append(fail_with_a_full_disk)
    with pytest.raises(OSError, match="No space"):
        make_next_thumbnails()
    assert wake_due_thumbnails() == 0
    make_next_thumbnails()
    blob.refresh_from_db()
    assert (blob.has_thumbnails, blob.problem, blob.attempts) == (False, "", 1)
    past = timezone.now() - timedelta(seconds=THUMBNAIL_RETRY_SECONDS)
    Blob.objects.update(not_before=past, woken_at=past - timedelta(seconds=1))
    assert wake_due_thumbnails() == 1
    make_next_thumbnails()
    blob.refresh_from_db()
    check_files(studio_files, blob)


def test_a_worker_that_is_stopped_hands_over_at_once(alice: User, storage: type[WatchedStorage]) -> None:
    blob = upload(alice).blob

    def stop() -> None:
        raise SystemExit(1)

    storage.before_save.append(stop)
    with pytest.raises(SystemExit):
        make_next_thumbnails()
    blob.refresh_from_db()
    assert (wake_due_thumbnails(), blob.attempts) == (1, 0)


def test_a_job_waits_for_the_worker_that_renders(alice: User) -> None:
    blob = upload(alice).blob
    claim_as_another_worker(blob)
    with pytest.raises(ThumbnailsPending):
        ensure_thumbnails(Blob.objects.get())


def test_many_due_pictures_get_a_bounded_number_of_messages_each_once(db: None) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    Blob.objects.bulk_create(
        Blob(uuid=uuid4(), sha256="0", file="x", format="png", width=1, height=1, filesize=1, woken_at=long_ago)
        for _ in range(300)
    )
    assert [wake_due_thumbnails() for _ in range(4)] == [BATCH, BATCH, BATCH, 0]
    assert count_messages() == 300


class TestRace:
    """Several workers at the same time."""

    def test_one_of_several_workers_renders(
        self, alice: User, studio_files: Path, storage: type[WatchedStorage]
    ) -> None:
        for number in range(6):
            storage.saved.clear()
            asset = upload(alice, 24 + number)
            run_at_once([make_next_thumbnails] * 3 + [lambda asset=asset: try_to_ensure(asset.blob)] * 2)
            blob = Blob.objects.get()
            assert (blob.has_thumbnails, blob.attempts, len(storage.saved)) == (True, 1, 3)
            check_files(studio_files, blob)
            delete_asset(asset=asset)

    def test_each_worker_takes_another_picture(self, alice: User, storage: type[WatchedStorage]) -> None:
        for number in range(4):
            upload(alice, 24 + number)
        storage.saved.clear()
        run_at_once([make_next_thumbnails] * 4)
        assert len(storage.saved) == 8
        assert not Blob.objects.filter(thumbnails_at=None).exists()


@pytest.mark.slow
@pytest.mark.usefixtures("postgresql")
class TestRaceOnPostgresql(TestRace):
    """The same with the locks of a database for many writers."""


def try_to_ensure(blob: Blob) -> None:
    try:
        ensure_thumbnails(Blob.objects.get(pk=blob.pk))
    except ThumbnailsPending:
        return
