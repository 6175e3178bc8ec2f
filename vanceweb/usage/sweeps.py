"""Periodic maintenance of usage, run by the sweeper."""

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from vanceweb.lib.leases import filter_due
from vanceweb.lib.wakeups import BATCH, wake_due_rows
from vanceweb.usage.exports import delete_expired_exports, filter_waiting_exports
from vanceweb.usage.history_sync import filter_readable
from vanceweb.usage.local_times import rebuild_batch
from vanceweb.usage.models import UsageRebuild
from vanceweb.usage.services import request_histories
from vanceweb.usage.tasks import sync_histories, write_exports
from vanceweb.vault.models import Connection

REMOVE_SECONDS = 300.0


def wake_due_histories() -> int:
    """Wake workers for histories whose reading is due. Return the number of messages."""
    return wake_due_rows(filter_due(filter_readable()), sync_histories.enqueue)


def wake_due_exports() -> int:
    """Wake workers for exports that wait. Return the number of messages."""
    return wake_due_rows(filter_due(filter_waiting_exports()), write_exports.enqueue)


def remove_expired_exports() -> None:
    """Delete the exports whose day is over, with their files. Run at most once in REMOVE_SECONDS."""
    if cache.add("usage.remove_expired_exports", True, REMOVE_SECONDS):
        delete_expired_exports()


def request_changed_histories() -> None:
    """Request the histories of connections that are new or were charged, once their token works."""
    works = Connection.objects.filter(check_state=Connection.CheckState.OK)
    changed = works.filter(history_changed_at__lte=timezone.now())
    keys = list(changed.order_by("history_changed_at").values_list("pk", flat=True)[:BATCH])
    if not keys:
        return
    with transaction.atomic():
        # A charge since the query has a later time and stays. Connections are locked before histories everywhere.
        changed.filter(pk__in=keys).update(history_changed_at=None)
        request_histories(connection_ids=keys)


def rebuild_usage() -> None:
    """Recompute a batch of records of each team whose zone has changed, or that has none of its sums yet."""
    for team_id in UsageRebuild.objects.order_by("pk").values_list("team_id", flat=True):
        rebuild_batch(team_id=team_id)
