"""Uploads, samples and results: checks on arrival, storage, deletion."""

import io
import socket
import struct
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.db import connection as database
from django.test.utils import CaptureQueriesContext, override_settings
from PIL import Image

from tests.conftest import as_actor, make_picture_file
from tests.pixel_decoding import record_decoding
from vanceweb.gallery.blob_files import delete_files
from vanceweb.gallery.models import Asset, Origin
from vanceweb.gallery.queries import get_results_page
from vanceweb.gallery.samples import SAMPLES
from vanceweb.gallery.services import (
    SampleMissing,
    delete_asset,
    prepare_result,
    save_asset,
    store_sample,
    store_upload,
)
from vanceweb.gallery.thumbnails import THUMBNAIL_MAX_ATTEMPTS, make_thumbnails
from vanceweb.lib.decoding import DecoderUnavailable, DecodingInterrupted
from vanceweb.lib.images import ImageRefused, ImageTooLarge, NotAnImage
from vanceweb.teams.access import Actor
from vanceweb.teams.models import Role, Team, User


def list_files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_an_upload_is_stored_unchanged(alice: User, studio_files: Path) -> None:
    content = make_picture_file(30, 20).getvalue()
    asset = store_upload(actor=as_actor(alice), file=io.BytesIO(content), name="Föto 1.PNG")
    assert (studio_files / str(asset.file.name)).read_bytes() == content
    assert (asset.name, asset.format, asset.width, asset.height) == ("Föto 1.PNG", "png", 30, 20)
    assert (asset.filesize, len(asset.sha256), asset.kind) == (len(content), 64, "upload")
    assert not asset.has_thumbnails


def test_a_django_upload_is_accepted(alice: User) -> None:
    uploaded = SimpleUploadedFile("x.jpg", make_picture_file(format="JPEG").getvalue())
    assert store_upload(actor=as_actor(alice), file=uploaded, name="x.jpg").format == "jpg"  # type: ignore[arg-type]


def test_the_content_decides_and_not_the_name(alice: User) -> None:
    asset = store_upload(actor=as_actor(alice), file=make_picture_file(format="JPEG"), name="really.png")
    assert (asset.format, asset.download_name) == ("jpg", "really.jpg")


def test_width_and_height_are_as_seen(alice: User) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    asset = store_upload(actor=as_actor(alice), file=make_picture_file(30, 20, format="JPEG", exif=exif), name="x.jpg")
    assert (asset.width, asset.height, asset.tile_size) == (20, 30, (20, 30))


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n", make_picture_file(format="GIF").getvalue()])
def test_other_content_is_refused_and_leaves_nothing(alice: User, studio_files: Path, content: bytes) -> None:
    with pytest.raises(NotAnImage):
        store_upload(actor=as_actor(alice), file=io.BytesIO(content), name="x.png")
    assert (Asset.objects.count(), list_files(studio_files)) == (0, [])


def test_limits_are_enforced_by_the_header(alice: User, settings: Any) -> None:
    settings.UPLOAD_MAX_PIXELS = 383
    with pytest.raises(ImageTooLarge, match="24 x 16"):
        store_upload(actor=as_actor(alice), file=make_picture_file(), name="x.png")
    settings.UPLOAD_MAX_PIXELS, settings.UPLOAD_MAX_BYTES = 384, 20
    with pytest.raises(ImageTooLarge):
        store_upload(actor=as_actor(alice), file=make_picture_file(), name="x.png")


def test_an_upload_of_34_megapixels_is_answered_without_decoding(alice: User) -> None:
    """The pixels can't be decoded, and only the header is read until a worker has time."""
    header = struct.pack(">IIBBBBB", 7680, 4320, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", b"no pixels"), (b"IEND", b"")]
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    asset = store_upload(actor=as_actor(alice), file=SimpleUploadedFile("large.png", png), name="large.png")
    assert (asset.width, asset.height) == (7680, 4320)


def test_a_row_that_cant_be_saved_leaves_no_file(transactional_db: None, studio_files: Path) -> None:
    nobody = Actor(User(pk=999, username="never saved"), Team(pk=999, slug="never-saved"), Role.MEMBER)
    with pytest.raises(IntegrityError):
        store_upload(actor=nobody, file=make_picture_file(), name="x.png")
    assert list_files(studio_files) == []


def test_thumbnails_are_made_once(alice: User, studio_files: Path) -> None:
    asset = store_upload(actor=as_actor(alice), file=make_picture_file(2000, 1000), name="x.png")
    make_thumbnails(asset.blob_id)
    asset.refresh_from_db()
    for size, expected in {"tile": (360, 180), "preview": (1600, 800)}.items():
        with Image.open(studio_files / asset.get_thumbnail_path(size)) as image:
            assert (image.format, image.size) == ("WEBP", expected)
    assert (asset.tile_size, asset.preview_size) == ((360, 180), (1600, 800))
    made_at = asset.thumbnails_at
    make_thumbnails(asset.blob_id)
    asset.refresh_from_db()
    assert (asset.thumbnails_at, asset.blob.attempts) == (made_at, 1)


def test_a_damaged_picture_is_reported(alice: User) -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (90, 90, 3), np.uint8))
    file = io.BytesIO()
    noise.save(file, "PNG")
    asset = store_upload(actor=as_actor(alice), file=io.BytesIO(file.getvalue()[:9000]), name="x.png")
    make_thumbnails(asset.blob_id)
    asset.refresh_from_db()
    assert (asset.problem, asset.has_thumbnails) == ("The image is damaged or incomplete.", False)


def test_neither_uploads_nor_thumbnails_nor_results_are_decoded_in_this_process(alice: User) -> None:
    with record_decoding() as decoded:
        for format in ("PNG", "JPEG"):
            asset = store_upload(actor=as_actor(alice), file=make_picture_file(60, 40, format=format), name="x")
            make_thumbnails(asset.blob_id)
            asset.refresh_from_db()
            assert asset.has_thumbnails
            create_result(alice)
    assert decoded == []


def test_thumbnails_that_a_busy_decoder_cant_make_are_made_later(alice: User, settings: Any, tmp_path: Path) -> None:
    asset = store_upload(actor=as_actor(alice), file=make_picture_file(), name="x.png")
    with (
        socket.socket(socket.AF_UNIX) as deaf,
        override_settings(DECODER_SOCKET=tmp_path / "deaf", DECODER_QUEUE_SECONDS=0.1),
    ):
        deaf.bind(str(tmp_path / "deaf"))
        deaf.listen()
        for _ in range(THUMBNAIL_MAX_ATTEMPTS + 1):
            with pytest.raises(DecoderUnavailable):
                make_thumbnails(asset.blob_id)
    asset.refresh_from_db()
    assert (asset.problem, asset.has_thumbnails, asset.blob.attempts) == ("", False, 0)
    make_thumbnails(asset.blob_id)
    asset.refresh_from_db()
    assert (asset.problem, asset.has_thumbnails) == ("", True)


def test_a_picture_whose_decoding_breaks_off_is_not_tried_for_ever(alice: User, settings: Any, tmp_path: Path) -> None:
    settings.DECODER_SOCKET = tmp_path / "broken"
    asset = store_upload(actor=as_actor(alice), file=make_picture_file(), name="x.png")
    with socket.socket(socket.AF_UNIX) as listener, ThreadPoolExecutor(1) as pool:
        listener.bind(str(tmp_path / "broken"))
        listener.listen()

        def break_off() -> None:
            connection, _address = listener.accept()
            connection.recv(65536)
            connection.sendall(b"+")
            connection.close()

        broken = pool.submit(break_off)
        with pytest.raises(DecodingInterrupted):
            make_thumbnails(asset.blob_id)
        broken.result()
    asset.refresh_from_db()
    assert (asset.problem, asset.has_thumbnails, asset.blob.attempts) == ("", False, 1)


def test_a_picture_that_takes_too_much_memory_says_so(alice: User, settings: Any, tmp_path: Path) -> None:
    settings.DECODER_SOCKET, settings.DECODER_MEMORY_MB = tmp_path / "nobody", 128
    file = io.BytesIO()
    Image.new("RGB", (6800, 5000)).save(file, "PNG", compress_level=1)
    asset = store_upload(actor=as_actor(alice), file=file, name="x.png")
    make_thumbnails(asset.blob_id)
    asset.refresh_from_db()
    assert (asset.problem, asset.has_thumbnails) == ("The picture takes too much memory to decode.", False)


def test_a_result_of_an_enlarged_long_side_is_taken(alice: User) -> None:
    file = make_picture_file(70_000, 2)
    with pytest.raises(ImageTooLarge):
        store_upload(actor=as_actor(alice), file=file, name="x.png")
    result = prepare_result(ownership=as_actor(alice).own(), file=file, name="r.png", uuid=uuid4(), origin=Origin())
    assert result.width == 70_000


def test_a_missing_file_is_reported(alice: User, studio_files: Path) -> None:
    asset = store_upload(actor=as_actor(alice), file=make_picture_file(), name="x.png")
    (studio_files / str(asset.file.name)).unlink()
    make_thumbnails(asset.blob_id)
    asset.refresh_from_db()
    assert "missing" in asset.problem


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.slug)
def test_each_sample_can_be_used(alice: User, sample: Any) -> None:
    asset = store_sample(actor=as_actor(alice), sample=sample.slug)
    assert (asset.kind, asset.width, asset.height) == ("sample", sample.width, sample.height)
    assert store_sample(actor=as_actor(alice), sample=sample.slug) == asset


def test_every_team_has_its_own_samples(alice: User, bob: User, charlie: User) -> None:
    cat = store_sample(actor=as_actor(alice), sample="cat")
    assert store_sample(actor=as_actor(bob), sample="cat") == cat, "the team shares it"
    assert store_sample(actor=as_actor(charlie), sample="cat") != cat
    with pytest.raises(SampleMissing):
        store_sample(actor=as_actor(alice), sample="dog")


def test_a_sample_is_always_the_teams_so_that_its_jobs_are(alice: User, bob: User) -> None:
    private = store_sample(actor=as_actor(alice), sample="cat")
    Asset.objects.filter(pk=private.pk).update(private_to=alice)
    shared = store_sample(actor=as_actor(alice), sample="cat")
    assert (shared == private, shared.is_private) == (False, False)
    assert store_sample(actor=as_actor(bob), sample="cat") == shared


def test_an_upload_is_the_teams_and_remembers_who_made_it(bob: User) -> None:
    asset = store_upload(actor=as_actor(bob), file=make_picture_file(), name="x.png")
    assert (asset.team, asset.created_by, asset.private_to) == (as_actor(bob).team, bob, None)


def test_the_teams_pictures_outlive_the_person_who_made_them(bob: User) -> None:
    shared, private = create_result(bob), create_result(bob, private=True)
    bob.delete()
    shared.refresh_from_db()
    assert shared.created_by is None
    assert not Asset.objects.filter(pk=private.pk).exists()


def create_result(owner: User, *, private: bool = False) -> Asset:
    ownership = as_actor(owner).own(private=private)
    asset = prepare_result(ownership=ownership, file=make_picture_file(), name="r.png", uuid=uuid4(), origin=Origin())
    save_asset(asset)
    return asset


def test_a_result_comes_with_its_thumbnails(alice: User, studio_files: Path) -> None:
    asset = create_result(alice)
    assert asset.has_thumbnails
    assert len(list_files(studio_files)) == 3
    delete_files(asset.blob)
    assert list_files(studio_files) == []


def test_a_damaged_result_leaves_nothing(alice: User, studio_files: Path) -> None:
    damaged = io.BytesIO(make_picture_file(300, 300).getvalue()[:-60])
    with pytest.raises(ImageRefused):
        prepare_result(ownership=as_actor(alice).own(), file=damaged, name="r.png", uuid=uuid4(), origin=Origin())
    assert list_files(studio_files) == []


def test_deleting_removes_the_files_after_the_commit(
    alice: User, studio_files: Path, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    asset = create_result(alice)
    with django_capture_on_commit_callbacks(execute=True):
        delete_asset(asset=asset)
        assert len(list_files(studio_files)) == 3
    assert (Asset.objects.count(), list_files(studio_files)) == (0, [])


def test_the_gallery_pages_by_key_with_a_constant_number_of_queries(alice: User, bob: User, charlie: User) -> None:
    visible = [create_result(person) for person in (alice, alice, bob, alice, bob, alice)]
    visible.append(create_result(alice, private=True))
    create_result(bob, private=True)
    create_result(charlie)
    actor = as_actor(alice)
    store_upload(actor=as_actor(alice), file=make_picture_file(), name="no result.png")
    seen: list[Asset] = []
    counts = set()
    cursor: str | None = None
    while True:
        with CaptureQueriesContext(database) as queries:
            page, cursor = get_results_page(actor, cursor, 3)
            assert all(asset.tile_size for asset in page)
        counts.add(len(queries))
        seen += page
        if cursor is None:
            break
    assert seen == visible[::-1]
    assert counts == {2}


def test_pictures_made_between_two_pages_shift_nothing(alice: User) -> None:
    mine = [create_result(alice) for _ in range(4)]
    first, cursor = get_results_page(as_actor(alice), None, 2)
    create_result(alice)
    second, _ = get_results_page(as_actor(alice), cursor, 2)
    assert first + second == mine[::-1]
