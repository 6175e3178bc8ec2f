"""Periodic work of the API, run by the sweeper."""

from datetime import timedelta

from django.core.cache import cache
from django.utils import timezone

from vanceweb.api.idempotency import remove_old_answers
from vanceweb.api.models import PictureFetch, WebhookDelivery
from vanceweb.api.tasks import deliver_events, fetch_pictures, wake_delivery_worker
from vanceweb.api.webhook_deliveries import filter_due_deliveries
from vanceweb.api.webhook_events import create_due_deliveries
from vanceweb.lib.leases import filter_due
from vanceweb.lib.wakeups import wake_due_rows

# A program that asks so much later has forgotten the picture.
KEEP_FAILED_FETCHES = timedelta(days=1)
# Long enough to find out why a receiver missed something.
KEEP_DELIVERIES = timedelta(days=30)
REMOVE_SECONDS = 300.0


def wake_due_fetches() -> int:
    """Wake workers for pictures that are to be fetched. Return the number of messages."""
    return wake_due_rows(filter_due(PictureFetch.objects.all()), fetch_pictures.enqueue)


def wake_due_deliveries() -> int:
    """Wake workers for deliveries to webhooks. Return the number of messages."""
    return wake_due_rows(filter_due_deliveries(), deliver_events.enqueue)


def report_ended_jobs() -> None:
    """Have webhooks told of the jobs that ended since the last sweep."""
    create_due_deliveries(wake_delivery_worker)


def remove_old_rows() -> None:
    """Delete rows that nobody asks for any more. Run at most once in REMOVE_SECONDS."""
    if not cache.add("api.remove_old_rows", True, REMOVE_SECONDS):
        return
    remove_old_answers()
    now = timezone.now()
    failed = PictureFetch.objects.filter(state=PictureFetch.State.FAILED)
    failed.filter(created_at__lt=now - KEEP_FAILED_FETCHES).delete()
    ended = WebhookDelivery.objects.exclude(state__in=WebhookDelivery.UNFINISHED)
    ended.filter(created_at__lt=now - KEEP_DELIVERIES).delete()
