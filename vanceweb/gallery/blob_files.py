"""The files of a blob in the default storage. They are written before the row that refers to them."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any, BinaryIO, cast
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage

from vanceweb.gallery.models import Blob
from vanceweb.gallery.sizes import THUMBNAIL_SIZES
from vanceweb.lib.decoding import render_thumbnails
from vanceweb.lib.images import ImageFacts

EXTENSIONS = {"JPEG": Blob.Format.JPG, "PNG": Blob.Format.PNG}
# Thumbnails load fast, without visible blocks when a photo is compared with its result.
THUMBNAIL_QUALITY = 82


def store_blob_file(file: BinaryIO, facts: ImageFacts, *, uuid: UUID | None = None) -> Blob:
    """Store the file and return its row, not yet saved. If the row isn't saved, call `delete_files`."""
    blob = Blob(
        uuid=uuid or uuid4(),
        sha256=_hash_file(file),
        format=EXTENSIONS[facts.format],
        width=facts.width,
        height=facts.height,
        filesize=facts.filesize,
    )
    file.seek(0)
    blob.file.save("", File(file), save=False)
    return blob


def write_thumbnails(blob: Blob) -> None:
    """Have the whole picture decoded, and store its thumbnails under new names, the blob's new `thumbnail_key`.

    If the row isn't saved with that key, call `delete_thumbnails`. Raise NotAnImage if the picture is damaged,
    ImageTooCostly or DecoderUnavailable.
    """
    with default_storage.open(str(blob.file.name)) as file:
        rendered = render_thumbnails(
            cast(BinaryIO, file),
            sides=THUMBNAIL_SIZES,
            formats=settings.UPLOAD_FORMATS,
            quality=THUMBNAIL_QUALITY,
        )
    blob.thumbnail_key = uuid4().hex[:12]
    try:
        for size, content in rendered.items():
            default_storage.save(blob.get_thumbnail_path(size), ContentFile(content))
    except BaseException:
        delete_thumbnails(blob)
        raise


def has_file(blob: Blob) -> bool:
    """Return whether the blob's file is still in the storage."""
    return default_storage.exists(str(blob.file.name))


def delete_files(blob: Blob) -> None:
    """Delete the files that `store_blob_file` and `write_thumbnails` stored for this row."""
    delete_thumbnails(blob)
    if blob.file.name:
        default_storage.delete(blob.file.name)


def delete_thumbnails(blob: Blob) -> None:
    """Delete the files that the last `write_thumbnails` stored for this row."""
    for size in THUMBNAIL_SIZES:
        default_storage.delete(blob.get_thumbnail_path(size))


def delete_leftover_files(blob: Blob) -> None:
    """Delete files that interrupted attempts left in the blob's folder, and all of them if the blob isn't stored.

    The stored blob of this id keeps its files, for it may have become the picture of other assets too.
    """
    stored = Blob.objects.filter(uuid=blob.uuid).first()
    kept = {PurePosixPath(path).name for path in list_paths(stored)} if stored else set()
    for name in _list_files(default_storage, blob.folder):
        if name not in kept:
            default_storage.delete(f"{blob.folder}/{name}")


@contextmanager
def delete_files_on_error(blob: Blob) -> Iterator[None]:
    """Delete the files of a new blob if the block, which saves its row, fails."""
    try:
        yield
    except BaseException:
        delete_files(blob)
        raise


def list_paths(blob: Blob) -> list[str]:
    """Return the paths of the files that the blob's row refers to."""
    return [str(blob.file.name), *(blob.get_thumbnail_path(size) for size in THUMBNAIL_SIZES)]


def _list_files(storage: Storage, folder: str) -> list[str]:
    try:
        return storage.listdir(folder)[1]
    except FileNotFoundError:
        return []


def _hash_file(file: Any) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()
