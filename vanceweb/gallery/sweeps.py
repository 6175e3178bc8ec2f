"""Periodic maintenance of pictures and share links, run by the sweeper."""

from datetime import timedelta

from django.core.cache import cache
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from vanceweb.gallery.models import Blob, ShareLink
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
# So long do people see in the list of share links that one has ended.
ENDED_LINK_KEEP = timedelta(days=30)


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


def remove_ended_links() -> None:
    """Remove the share links that were revoked or expired long ago. Their pictures stay."""
    until = timezone.now() - ENDED_LINK_KEEP
    ShareLink.objects.filter(Q(expires_at__lte=until) | Q(revoked_at__lte=until)).delete()
