"""Periodic work of the API, run by the sweeper."""

from datetime import timedelta

from django.core.cache import cache
from django.utils import timezone

from vanceweb.api.idempotency import remove_old_answers
from vanceweb.api.models import PictureFetch
from vanceweb.api.tasks import fetch_pictures
from vanceweb.lib.leases import filter_due
from vanceweb.lib.wakeups import wake_due_rows

# A program that asks so much later has forgotten the picture.
KEEP_FAILED_FETCHES = timedelta(days=1)
REMOVE_SECONDS = 300.0


def wake_due_fetches() -> int:
    """Wake workers for pictures that are to be fetched. Return the number of messages."""
    return wake_due_rows(filter_due(PictureFetch.objects.all()), fetch_pictures.enqueue)


def wake_due_deliveries() -> int:
    return 0


def report_ended_jobs() -> None:
    return None


def remove_old_rows() -> None:
    """Delete rows that nobody asks for any more. Run at most once in REMOVE_SECONDS."""
    if not cache.add("api.remove_old_rows", True, REMOVE_SECONDS):
        return
    remove_old_answers()
    PictureFetch.objects.filter(
        state=PictureFetch.State.FAILED, created_at__lt=timezone.now() - KEEP_FAILED_FETCHES
    ).delete()
