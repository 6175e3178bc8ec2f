"""Periodic maintenance of usage, run by the sweeper."""

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from vanceweb.jobs.models import Job
from vanceweb.usage.services import request_history
from vanceweb.vault.models import Connection

# A job of this site that ends has its history read at once; half an hour is soon enough for charges from elsewhere.
HISTORY_REFRESH_SECONDS = 1800


def refresh_histories() -> None:
    """Enqueue syncs of histories that are old, or older than the connection's last finished job."""
    now = timezone.now()
    stale = now - timedelta(seconds=HISTORY_REFRESH_SECONDS)
    done_since = Job.objects.filter(
        connection=OuterRef("pk"), state=Job.State.DONE, finished_at__gte=OuterRef("history_sync__asked_at")
    )
    connections = Connection.objects.filter(check_state=Connection.CheckState.OK).filter(
        Q(history_sync=None) | Q(history_sync__asked_at__lt=stale) | Exists(done_since)
    )
    for pk in connections.values_list("pk", flat=True):
        request_history(connection_id=pk, asked_before=now)
