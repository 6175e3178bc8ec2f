"""Periodic maintenance of pictures, run by the sweeper."""

from datetime import timedelta

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from vanceweb.gallery.models import Blob
from vanceweb.gallery.references import delete_if_unused
from vanceweb.gallery.tasks import make_thumbnails

# A picture whose thumbnails have failed this often stays without them: it may be killing the workers.
THUMBNAIL_MAX_ATTEMPTS = 3
# After this long without thumbnails, the message that requested them counts as lost.
THUMBNAIL_REASK_SECONDS = 60
# The bytes of pictures that were deleted with their person or team go this much later at the latest.
BLOB_PRUNE_SECONDS = 3600.0


def request_missing_thumbnails() -> None:
    """Enqueue thumbnails again if their task was lost."""
    lost = timezone.now() - timedelta(seconds=THUMBNAIL_REASK_SECONDS)
    rows = Blob.objects.filter(
        thumbnails_at=None,
        problem="",
        thumbnails_asked_at__lt=lost,
        thumbnail_attempts__lt=THUMBNAIL_MAX_ATTEMPTS,
    )
    for pk in rows.values_list("pk", flat=True):
        with transaction.atomic():
            if rows.filter(pk=pk).update(thumbnails_asked_at=timezone.now()):
                make_thumbnails.enqueue(pk)


def delete_unused_blobs() -> None:
    """Delete the bytes of pictures that were deleted together with their person or team.

    The database deletes those rows itself and counts no references. Run at most once in BLOB_PRUNE_SECONDS.
    """
    if not cache.add("gallery.delete_unused_blobs", True, BLOB_PRUNE_SECONDS):
        return
    for pk in Blob.objects.filter(assets=None).values_list("pk", flat=True):
        with transaction.atomic():
            delete_if_unused(pk)
