"""The worker's decoding of a stored picture, which finds damage and makes the thumbnails."""

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from vanceweb.gallery.blob_files import write_thumbnails
from vanceweb.gallery.models import Blob
from vanceweb.lib.images import NotAnImage


def make_thumbnails(blob_id: int) -> None:
    """Make the thumbnails or record that the picture is damaged. Do nothing if that was already done."""
    blob = Blob.objects.filter(pk=blob_id).first()
    if blob is not None:
        ensure_thumbnails(blob)


def ensure_thumbnails(blob: Blob) -> None:
    """Make missing thumbnails and set the blob's `thumbnails_at` or `problem`, in memory and in the database."""
    if blob.has_thumbnails or blob.problem:
        return
    row = Blob.objects.filter(pk=blob.pk)
    # Counted before the attempt, so that a picture that crashes the worker isn't tried for ever.
    row.update(thumbnail_attempts=F("thumbnail_attempts") + 1)
    try:
        write_thumbnails(blob)
    except FileNotFoundError:
        blob.problem = _("The picture's file is missing.")
    except NotAnImage as error:
        blob.problem = str(error)
    else:
        blob.thumbnails_at = timezone.now()
    row.update(thumbnails_at=blob.thumbnails_at, problem=blob.problem)
