"""The references of assets to blobs. Call these functions inside the transaction that saves or deletes the asset.

They lock the blob, so that an upload never refers to bytes that a deletion is about to remove. Locks are taken in the
order job, asset, blob.
"""

from django.db.models import F

from vanceweb.gallery.blob_files import delete_files, delete_leftover_files, has_file
from vanceweb.gallery.models import Blob
from vanceweb.lib.after_commit import run_after_commit


def take_reference(written: Blob) -> Blob:
    """Return a blob with the bytes of `written`, counted once more: a stored one if there is one, else `written`.

    `written` is a row that isn't saved yet, with its file. If it isn't needed, its files are deleted on commit.
    """
    stored = _find_same_bytes(written)
    if stored is None:
        written.references = 1
        written.save()
        return written
    Blob.objects.filter(pk=stored.pk).update(references=F("references") + 1)
    stored.references += 1
    run_after_commit(delete_files, written)
    return stored


def drop_reference(blob_id: int) -> None:
    """Count one reference less. Delete the blob with its last one, and its files on commit."""
    blob = Blob.objects.select_for_update().get(pk=blob_id)
    if blob.references > 1:
        Blob.objects.filter(pk=blob_id).update(references=F("references") - 1)
        return
    _delete_blob(blob)


def delete_if_unused(blob_id: int) -> None:
    """Delete the blob if no asset refers to it, whatever its count says."""
    blob = Blob.objects.select_for_update().filter(pk=blob_id).first()
    if blob is not None and not blob.assets.exists():
        _delete_blob(blob)


def _delete_blob(blob: Blob) -> None:
    Blob.objects.filter(pk=blob.pk).delete()
    # The rows are gone by then. Files that can't be deleted go with the sweeper (ops/stray_sweep.py).
    run_after_commit(delete_leftover_files, blob)


def _find_same_bytes(written: Blob) -> Blob | None:
    """Return a stored blob with these bytes, locked. It has its file, and thumbnails if `written` has them."""
    same = Blob.objects.filter(sha256=written.sha256, filesize=written.filesize, problem="")
    if written.has_thumbnails:
        same = same.exclude(thumbnails_at=None)
    return next((blob for blob in same.select_for_update().order_by("pk") if has_file(blob)), None)
