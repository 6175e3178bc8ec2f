"""Periodic maintenance of pictures, run by the sweeper."""

from django.core.cache import cache
from django.db import transaction

from vanceweb.gallery.models import Blob
from vanceweb.gallery.references import delete_if_unused
from vanceweb.gallery.tasks import make_thumbnails
from vanceweb.gallery.thumbnails import filter_unrendered
from vanceweb.lib.leases import filter_due
from vanceweb.lib.row_faults import run_for_each
from vanceweb.lib.wakeups import wake_due_rows

# The bytes of pictures that were deleted with their person or team go this much later at the latest.
BLOB_PRUNE_SECONDS = 3600.0
# Blobs deleted by one sweep, each in its own transaction, so that the other sweeps needn't wait. The next sweep
# continues.
BLOB_PRUNE_BATCH = 100
BLOBS_PRUNED = "gallery.delete_unused_blobs"


def wake_due_thumbnails() -> int:
    """Wake workers for pictures whose thumbnails are due. Return the number of messages."""
    return wake_due_rows(filter_due(filter_unrendered()), make_thumbnails.enqueue)


def delete_unused_blobs() -> None:
    """Delete the bytes of pictures that were deleted together with their person or team.

    The database deletes those rows itself and counts no references. Look for them at most once in BLOB_PRUNE_SECONDS,
    and at most BLOB_PRUNE_BATCH at once.
    """
    if not cache.add(BLOBS_PRUNED, True, BLOB_PRUNE_SECONDS):
        return
    unused = Blob.objects.filter(assets=None)
    delete = transaction.atomic(delete_if_unused)
    deleted = run_for_each("Deleting the bytes of a picture", unused, delete, limit=BLOB_PRUNE_BATCH)
    if deleted == BLOB_PRUNE_BATCH:
        cache.delete(BLOBS_PRUNED)
