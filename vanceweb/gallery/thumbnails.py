"""The worker's decoding of a stored picture, which finds damage and makes the thumbnails.

A lease on the blob allows one worker to render. It writes files under new names, and the row names them once they are
complete. So a page never gets a part of a file, and a worker that was paused for too long never touches the files of
the one that took over.
"""

import logging
from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from vanceweb.gallery.blob_files import delete_leftover_files, delete_thumbnails, write_thumbnails
from vanceweb.gallery.models import Blob
from vanceweb.lib.decoding import DecoderUnavailable, DecodingInterrupted
from vanceweb.lib.images import ImageRefused
from vanceweb.lib.leases import Heartbeat, Lease, LeaseLost, claim, claim_first
from vanceweb.lib.row_faults import release_after_fault
from vanceweb.lib.storage_faults import RETRY_SECONDS, find_fault

logger = logging.getLogger(__name__)

# A picture whose thumbnails have failed this often stays without them: it may be killing the workers. Only a job on it
# still tries.
THUMBNAIL_MAX_ATTEMPTS = 3
# After an error that says nothing about the picture, the next attempt follows this much later.
THUMBNAIL_RETRY_SECONDS = 60
# A decoder that has too much to do has soon done it.
BUSY_DECODER_SECONDS = 5


class ThumbnailsPending(Exception):
    """Another worker is making the thumbnails. Ask again in a moment."""


def filter_unrendered() -> QuerySet[Blob]:
    """Return the blobs that workers still try by themselves."""
    return _filter_undecided().filter(attempts__lt=THUMBNAIL_MAX_ATTEMPTS)


def make_next_thumbnails() -> None:
    """Make the thumbnails that have been due longest, or record that the picture is damaged."""
    lease = claim_first(filter_unrendered().order_by("not_before"), duration=_get_duration())
    if lease is None:
        return
    blob = None
    with suppress(LeaseLost), release_after_fault("Making thumbnails", lease, seconds=THUMBNAIL_RETRY_SECONDS):
        blob = Blob.objects.filter(pk=lease.pk).first()
    if blob is None:
        return
    try:
        _render(blob, lease)
    except DecoderUnavailable as error:
        logger.warning("The thumbnails of blob %s couldn't be made: %s", blob.pk, error)
    except ThumbnailsPending:
        return


def make_thumbnails(blob_id: int) -> None:
    """Make the thumbnails of one blob, whether or not they are due. Raise ThumbnailsPending."""
    blob = Blob.objects.filter(pk=blob_id).first()
    if blob is not None:
        ensure_thumbnails(blob)


def ensure_thumbnails(blob: Blob) -> None:
    """Make missing thumbnails and set the blob's `thumbnails_at` or `problem`, in memory and in the database.

    Raise ThumbnailsPending if another worker is making them, and DecoderUnavailable.
    """
    if blob.has_thumbnails or blob.problem:
        return
    now = timezone.now()
    _filter_undecided().filter(pk=blob.pk).exclude(not_before__lte=now).update(not_before=now)
    lease = claim(_filter_undecided(), pk=blob.pk, duration=_get_duration())
    if lease is None:
        _refresh_from_row(blob)
    else:
        blob.attempts += 1
        _render(blob, lease)


def _filter_undecided() -> QuerySet[Blob]:
    return Blob.objects.filter(thumbnails_at=None, problem="")


def _render(blob: Blob, lease: Lease[Blob]) -> None:
    """Make the thumbnails and release the blob. Raise ThumbnailsPending if another worker took it meanwhile."""
    try:
        with Heartbeat(lease, every=settings.LEASE_HEARTBEAT_SECONDS):
            _decode(blob)
    except BaseException as error:
        _release_after_error(lease, error)
        raise
    try:
        lease.release(
            thumbnails_at=blob.thumbnails_at,
            thumbnail_key=blob.thumbnail_key,
            problem=blob.problem,
            not_before=None,
        )
    except LeaseLost:
        logger.info("The thumbnails of blob %s were made by another worker, or are no longer needed", blob.pk)
        if blob.has_thumbnails:
            delete_thumbnails(blob)
        _refresh_from_row(blob)
        return
    if blob.attempts > 1:
        # Workers that were killed left their files.
        delete_leftover_files(blob)


def _decode(blob: Blob) -> None:
    try:
        write_thumbnails(blob)
    except FileNotFoundError:
        blob.problem = _("The picture's file is missing.")
    except ImageRefused as error:
        blob.problem = str(error)
    else:
        blob.thumbnails_at = timezone.now()


def _release_after_error(lease: Lease[Blob], error: BaseException) -> None:
    """Release the blob for the next attempt. One that never began, or ended with the worker, doesn't count."""
    now = timezone.now()
    is_busy = isinstance(error, DecoderUnavailable) and not isinstance(error, DecodingInterrupted)
    is_full = find_fault(error) is not None
    with suppress(LeaseLost):
        if is_busy:
            lease.release(not_before=now + timedelta(seconds=BUSY_DECODER_SECONDS), attempts=F("attempts") - 1)
        elif is_full:
            lease.release(not_before=now + timedelta(seconds=RETRY_SECONDS), attempts=F("attempts") - 1)
        elif isinstance(error, Exception):
            # An interrupted decoder may be the picture's fault.
            lease.release(not_before=now + timedelta(seconds=THUMBNAIL_RETRY_SECONDS))
        else:
            lease.release(not_before=now, woken_at=None, attempts=F("attempts") - 1)


def _refresh_from_row(blob: Blob) -> None:
    """Take over what another worker wrote to the row. Raise ThumbnailsPending if it isn't done yet."""
    stored = Blob.objects.filter(pk=blob.pk).first()
    if stored is None:
        blob.thumbnails_at, blob.problem = None, _("The picture's file is missing.")
        return
    blob.thumbnails_at, blob.thumbnail_key, blob.problem = stored.thumbnails_at, stored.thumbnail_key, stored.problem
    if not blob.has_thumbnails and not blob.problem:
        raise ThumbnailsPending


def _get_duration() -> timedelta:
    return timedelta(seconds=settings.LEASE_SECONDS)
