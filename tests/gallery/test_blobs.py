"""Blobs: the same bytes are stored once, for as long as any asset refers to them."""

from pathlib import Path
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import transaction

from tests.conftest import as_actor, make_picture_file
from tests.gallery.threads import run_at_once
from vanceweb.gallery.blob_files import delete_files_on_error, delete_leftover_files
from vanceweb.gallery.models import Asset, Blob, Origin
from vanceweb.gallery.services import delete_asset, prepare_result, save_asset, store_upload
from vanceweb.gallery.sweeps import delete_unused_blobs
from vanceweb.gallery.thumbnails import make_thumbnails
from vanceweb.teams.models import User

pytestmark = pytest.mark.django_db(transaction=True)


def upload(user: User, *, width: int = 24) -> Asset:
    return store_upload(actor=as_actor(user), file=make_picture_file(width), name="x.png")


def prepare(user: User) -> Asset:
    return prepare_result(
        ownership=as_actor(user).own(), file=make_picture_file(), name="r.png", uuid=uuid4(), origin=Origin()
    )


def list_files(media: Path) -> list[Path]:
    return sorted(path for path in media.rglob("*") if path.is_file())


def list_blob_files(media: Path) -> list[Path]:
    """Return the paths that the stored blobs name, with those of their thumbnails."""
    blobs = Blob.objects.all()
    paths = [blob.file.name for blob in blobs]
    paths += [blob.get_thumbnail_path(size) for blob in blobs if blob.has_thumbnails for size in ("tile", "preview")]
    return sorted(media / path for path in paths)


def check_references(media: Path) -> None:
    """Check that blobs count their assets, and that exactly their files are there."""
    for blob in Blob.objects.all():
        assert blob.references == blob.assets.count() > 0
    assert list_files(media) == list_blob_files(media)


def test_two_uploads_of_the_same_bytes_are_two_assets_and_one_file(
    alice: User, charlie: User, studio_files: Path
) -> None:
    mine, again, others = upload(alice), upload(alice), upload(charlie)
    assert len({asset.uuid for asset in (mine, again, others)}) == 3
    assert mine.blob == again.blob == others.blob
    assert (Blob.objects.get().references, len(list_files(studio_files))) == (3, 1)
    assert again.file.open("rb").read() == make_picture_file().getvalue()
    assert upload(alice, width=25).blob != mine.blob
    check_references(studio_files)


def test_the_file_goes_with_the_last_asset(alice: User, studio_files: Path) -> None:
    first, second = upload(alice), upload(alice)
    make_thumbnails(first.blob_id)
    delete_asset(asset=first)
    assert [asset.has_thumbnails for asset in Asset.objects.all()] == [True]
    assert len(list_files(studio_files)) == 3
    check_references(studio_files)
    delete_asset(asset=second)
    assert (Blob.objects.count(), list_files(studio_files)) == (0, [])


def test_thumbnails_that_exist_arent_made_again(alice: User) -> None:
    make_thumbnails(upload(alice).blob_id)
    assert upload(alice).has_thumbnails
    assert Blob.objects.get().attempts == 1


def test_an_asset_that_was_deleted_already_isnt_counted_again(alice: User, studio_files: Path) -> None:
    first, _second = upload(alice), upload(alice)
    delete_asset(asset=first)
    delete_asset(asset=first)
    check_references(studio_files)
    assert Blob.objects.get().references == 1


def test_a_result_of_known_bytes_refers_to_them(alice: User, studio_files: Path) -> None:
    first, second = prepare(alice), prepare(alice)
    written = second.blob
    save_asset(first)
    save_asset(second)
    assert first.blob == second.blob != written
    check_references(studio_files)


def test_a_result_doesnt_wait_for_the_thumbnails_of_an_upload(alice: User, studio_files: Path) -> None:
    fresh, result = upload(alice), prepare(alice)
    save_asset(result)
    assert (result.has_thumbnails, result.blob == fresh.blob) == (True, False)
    check_references(studio_files)


@pytest.mark.parametrize("loss", ["noticed", "unnoticed"])
def test_bytes_that_were_lost_are_stored_again(alice: User, studio_files: Path, loss: str) -> None:
    lost = upload(alice)
    (studio_files / str(lost.file.name)).unlink()
    if loss == "noticed":
        make_thumbnails(lost.blob_id)
    again = upload(alice)
    assert again.blob != lost.blob
    assert again.file.open("rb").read() == make_picture_file().getvalue()
    assert upload(alice).blob == again.blob
    delete_asset(asset=lost)
    check_references(studio_files)


def test_a_failure_deletes_the_new_file_and_never_the_shared_one(alice: User, studio_files: Path) -> None:
    save_asset(prepare(alice))
    asset = prepare(alice)
    with pytest.raises(ValueError, match="too late"), delete_files_on_error(asset.blob):
        fail_after_saving(asset)
    check_references(studio_files)
    assert Asset.objects.count() == 1


def fail_after_saving(asset: Asset) -> None:
    with transaction.atomic():
        save_asset(asset)
        raise ValueError("too late")


def test_leftover_files_go_and_a_stored_blob_keeps_its_own(alice: User, studio_files: Path) -> None:
    asset = prepare(alice)
    save_asset(asset)
    leftover = studio_files / asset.folder / "leftover.png"
    leftover.write_bytes(b"x")
    delete_leftover_files(Blob(uuid=asset.uuid))
    check_references(studio_files)
    leftover.write_bytes(b"x")
    delete_asset(asset=asset)
    assert list_files(studio_files) == []


@pytest.mark.parametrize("references", [1, 2])
def test_the_bytes_of_a_deleted_persons_pictures_are_swept(
    alice: User, bob: User, studio_files: Path, references: int
) -> None:
    kept, private = upload(alice), upload(bob, width=25)
    Asset.objects.filter(pk=private.pk).update(private_to=bob)
    Blob.objects.filter(pk=private.blob_id).update(references=references)
    bob.delete()
    assert Blob.objects.count() == 2
    cache.clear()
    delete_unused_blobs()
    assert list(Blob.objects.all()) == [kept.blob]
    check_references(studio_files)


class TestRace:
    """Deletions and uploads of the same bytes at the same time."""

    def test_an_upload_never_refers_to_bytes_that_a_deletion_removes(self, alice: User, studio_files: Path) -> None:
        content = make_picture_file().getvalue()
        for _ in range(12):
            old = [upload(alice) for _ in range(2)]
            run_at_once([lambda asset=asset: delete_asset(asset=asset) for asset in old] + [lambda: upload(alice)] * 2)
            check_references(studio_files)
            for asset in Asset.objects.all():
                assert asset.file.open("rb").read() == content
                delete_asset(asset=asset)
            assert (Blob.objects.count(), list_files(studio_files)) == (0, [])

    def test_two_deletions_of_one_asset_count_once(self, alice: User, studio_files: Path) -> None:
        for _ in range(12):
            asset, kept = upload(alice), upload(alice)
            run_at_once([lambda asset=asset: delete_asset(asset=asset)] * 4)
            check_references(studio_files)
            delete_asset(asset=kept)
            assert (Blob.objects.count(), list_files(studio_files)) == (0, [])


@pytest.mark.slow
@pytest.mark.usefixtures("postgresql")
class TestRaceOnPostgresql(TestRace):
    """The same with the locks of a database for many writers."""
