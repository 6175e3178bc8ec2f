"""All files of a storage, one after the other: a storage may hold millions, so no list of them is ever made."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from django.core.files.storage import FileSystemStorage, Storage


@dataclass(frozen=True)
class StoredFile:
    """A file of a storage: its name there, its size in bytes, and when it was last written."""

    name: str
    size: int
    modified_at: datetime


@runtime_checkable
class ListingStorage(Protocol):
    """A storage that lists its files by itself, in pages."""

    def iterate_files(self) -> Iterator[StoredFile]: ...


def iterate_files(storage: Storage) -> Iterator[StoredFile]:
    """Yield all files of the storage. Those that come or go meanwhile may be missing. Raise OSError.

    A folder of the file system is read one at a time, a bucket in pages, by key. Links are left out.
    """
    if isinstance(storage, ListingStorage):
        yield from storage.iterate_files()
    elif isinstance(storage, FileSystemStorage):
        yield from _walk_folder(Path(storage.location))


def _walk_folder(root: Path) -> Iterator[StoredFile]:
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except FileNotFoundError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                try:
                    status = entry.stat()
                except FileNotFoundError:
                    continue
                modified_at = datetime.fromtimestamp(status.st_mtime, UTC)
                yield StoredFile(str(Path(entry.path).relative_to(root)), status.st_size, modified_at)
