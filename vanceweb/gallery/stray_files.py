"""Files in the default storage that no picture refers to, and pictures whose file is gone."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F
from django.utils.translation import gettext as _

from vanceweb.gallery.blob_files import has_file, list_paths
from vanceweb.gallery.models import Blob
from vanceweb.gallery.references import delete_if_unused
from vanceweb.lib.stored_names import StoredFile

# The endings of the files that this site writes.
ENDINGS = (".jpg", ".png", ".webp")
# Rows read at a time.
PAGE_ROWS = 500


def is_ours(file: StoredFile) -> bool:
    """Return whether this site may have written the file: it lies in a folder named by the id of its blob."""
    return _find_blob_id(file) is not None


def find_strays(files: Sequence[StoredFile]) -> list[StoredFile]:
    """Return those of the files that this site wrote and no row refers to."""
    ids = {file.name: uuid for file in files if (uuid := _find_blob_id(file)) is not None}
    stored = Blob.objects.filter(uuid__in=set(ids.values()))
    kept = {path for blob in stored for path in list_paths(blob)}
    return [file for file in files if file.name in ids and file.name not in kept]


def iterate_blobs_without_file() -> Iterator[Blob]:
    """Yield the pictures' rows whose file is gone and that don't say so yet; each costs a question to the storage."""
    return (blob for blob in _iterate_rows() if not blob.problem and not has_file(blob))


def record_missing_files(blobs: Iterable[Blob]) -> None:
    """Say on the pages that these pictures' files are gone; jobs then refuse them."""
    for blob in blobs:
        Blob.objects.filter(pk=blob.pk).update(problem=_("The picture's file is missing."))


def iterate_unused_blobs() -> Iterator[int]:
    """Yield the keys of bytes that belong to no picture any more."""
    return Blob.objects.filter(assets=None).values_list("pk", flat=True).iterator(PAGE_ROWS)


def delete_unused(keys: Iterable[int]) -> None:
    """Delete these rows with their files, unless they are used again."""
    for pk in keys:
        with transaction.atomic():
            delete_if_unused(pk)


def iterate_miscounted_blobs() -> Iterator[int]:
    """Yield the keys of bytes whose number of pictures is wrong."""
    counted = Blob.objects.annotate(used=Count("assets")).exclude(used=0).exclude(used=F("references"))
    return counted.values_list("pk", flat=True).iterator(PAGE_ROWS)


def count_anew(keys: Iterable[int]) -> None:
    """Count the pictures of these bytes anew."""
    for pk in keys:
        with transaction.atomic():
            blob = Blob.objects.select_for_update().filter(pk=pk).first()
            if blob is not None:
                Blob.objects.filter(pk=pk).update(references=blob.assets.count())


def _iterate_rows() -> Iterator[Blob]:
    """Yield all rows by key, a page at a time."""
    last = 0
    while page := list(Blob.objects.filter(pk__gt=last).order_by("pk")[:PAGE_ROWS]):
        yield from page
        last = page[-1].pk


def _find_blob_id(file: StoredFile) -> UUID | None:
    path = PurePosixPath(file.name)
    if path.suffix not in ENDINGS:
        return None
    try:
        return UUID(path.parent.name)
    except ValueError:
        return None
