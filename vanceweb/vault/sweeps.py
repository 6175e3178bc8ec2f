"""Periodic maintenance of connections, run by the sweeper."""

from datetime import timedelta

from django.core.cache import cache
from django.utils import timezone

from vanceweb.lib.leases import filter_due
from vanceweb.lib.wakeups import wake_due_rows
from vanceweb.vault.connection_check import compute_daily_pause
from vanceweb.vault.models import Connection
from vanceweb.vault.tasks import check_connections

# Nothing known leaves a connection without a due time, except earlier versions of the site.
SCHEDULE_SECONDS = 3600.0
# Connections per call, so that a sweep stays short.
BATCH = 100


def wake_due_checks() -> int:
    """Wake workers for connections whose check is due. Return the number of messages."""
    return wake_due_rows(filter_due(Connection.objects.all()), check_connections.enqueue)


def schedule_daily_checks() -> int:
    """Give connections that wait for nobody's request their daily check. Return their number, at most BATCH.

    Look for them at most once in SCHEDULE_SECONDS.
    """
    if not cache.add("vault.schedule_daily_checks", True, SCHEDULE_SECONDS):
        return 0
    idle = Connection.objects.filter(not_before=None, lease_token=None)
    scheduled = 0
    for pk in list(idle.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        at = timezone.now() + timedelta(seconds=compute_daily_pause(pk))
        scheduled += idle.filter(pk=pk).update(not_before=at)
    return scheduled
