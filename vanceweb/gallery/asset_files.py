"""The files of an asset in the default storage. They are written before the row that refers to them."""

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

from vanceweb.gallery.models import Asset
from vanceweb.gallery.thumbnail_rendering import render_thumbnails
from vanceweb.lib.images import ImageFacts
from vanceweb.teams.models import Ownership

FILE_NAME_MAX_LENGTH = 200
EXTENSIONS = {"JPEG": Asset.Format.JPG, "PNG": Asset.Format.PNG}


def store_asset_file(
    *, ownership: Ownership, kind: str, file: BinaryIO, name: str, facts: ImageFacts, uuid: UUID | None = None
) -> Asset:
    """Store the file and return its row, not yet saved. If the row isn't saved, call `delete_files`."""
    asset = Asset(
        uuid=uuid or uuid4(),
        **ownership.to_fields(),
        kind=kind,
        name=clean_file_name(name),
        format=EXTENSIONS[facts.format],
        width=facts.width,
        height=facts.height,
        filesize=facts.filesize,
        sha256=_hash_file(file),
    )
    file.seek(0)
    asset.file.save("", File(file), save=False)
    return asset


def write_thumbnails(asset: Asset) -> None:
    """Decode the whole picture and store its thumbnails. Raise NotAnImage if it is damaged."""
    with default_storage.open(str(asset.file.name)) as file:
        rendered = render_thumbnails(
            cast(BinaryIO, file),
            sides=settings.THUMBNAIL_SIZES,
            formats=settings.UPLOAD_FORMATS,
            quality=settings.THUMBNAIL_QUALITY,
        )
    for size, content in rendered.items():
        path = asset.get_thumbnail_path(size)
        # An interrupted worker may have left a partial file.
        default_storage.delete(path)
        default_storage.save(path, ContentFile(content))


def delete_files(asset: Asset) -> None:
    """Delete the files that `store_asset_file` and `write_thumbnails` stored for this row."""
    for size in settings.THUMBNAIL_SIZES:
        default_storage.delete(asset.get_thumbnail_path(size))
    if asset.file.name:
        default_storage.delete(asset.file.name)


def delete_leftover_files(folder: str, *, keep: Asset | None = None) -> None:
    """Delete files that interrupted attempts left in an asset's folder, except the files of `keep`."""
    kept = {PurePosixPath(path).name for path in _list_paths(keep)} if keep else set()
    for name in _list_files(default_storage, folder):
        if name not in kept:
            default_storage.delete(f"{folder}/{name}")


@contextmanager
def delete_files_on_error(asset: Asset) -> Iterator[None]:
    """Delete the asset's files if the block, which saves its row, fails."""
    try:
        yield
    except BaseException:
        delete_files(asset)
        raise


def clean_file_name(name: str) -> str:
    """Return a file name for display: no folders, no control characters, at most 200 characters, extension kept."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    base = "".join(character for character in base if character.isprintable()).strip() or "picture"
    if len(base) <= FILE_NAME_MAX_LENGTH:
        return base
    ending = PurePosixPath(base).suffix[:10]
    return base[: FILE_NAME_MAX_LENGTH - len(ending)] + ending


def _list_paths(asset: Asset) -> list[str]:
    return [str(asset.file.name), *(asset.get_thumbnail_path(size) for size in settings.THUMBNAIL_SIZES)]


def _list_files(storage: Storage, folder: str) -> list[str]:
    try:
        return storage.listdir(folder)[1]
    except FileNotFoundError:
        return []


def _hash_file(file: Any) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()
