"""Periodic maintenance of pictures, run by the sweeper."""

from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from vanceweb.gallery.models import Blob
from vanceweb.gallery.references import delete_if_unused
from vanceweb.gallery.tasks import make_thumbnails


def request_missing_thumbnails() -> None:
    """Enqueue thumbnails again if their task was lost."""
    lost = timezone.now() - timedelta(seconds=settings.THUMBNAIL_REASK_SECONDS)
    rows = Blob.objects.filter(
        thumbnails_at=None,
        problem="",
        thumbnails_asked_at__lt=lost,
        thumbnail_attempts__lt=settings.THUMBNAIL_MAX_ATTEMPTS,
    )
    for pk in rows.values_list("pk", flat=True):
        with transaction.atomic():
            if rows.filter(pk=pk).update(thumbnails_asked_at=timezone.now()):
                make_thumbnails.enqueue(pk)


def delete_unused_blobs() -> None:
    """Delete the bytes of pictures that were deleted together with their person or team.

    The database deletes those rows itself and counts no references. Run at most once in BLOB_PRUNE_SECONDS.
    """
    if not cache.add("gallery.delete_unused_blobs", True, settings.BLOB_PRUNE_SECONDS):
        return
    for pk in Blob.objects.filter(assets=None).values_list("pk", flat=True):
        with transaction.atomic():
            delete_if_unused(pk)
