"""The io worker's reading of a service's history of charges into UsageRecord, turn by turn."""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from vanceweb.client import HistoryPage, InvalidToken, VanceClient, VanceError
from vanceweb.lib.call_slots import get_call_slots
from vanceweb.lib.due_rows import schedule_next
from vanceweb.lib.encryption import DecryptionFailed
from vanceweb.lib.leases import Heartbeat, Lease, LeaseLost, filter_due, stopping
from vanceweb.lib.row_faults import release_after_fault
from vanceweb.usage.history_store import ReadingOvertaken
from vanceweb.usage.history_walks import HistoryTurn
from vanceweb.usage.listed_history import HistoryChanged, ListedHistory
from vanceweb.usage.models import HistorySync
from vanceweb.usage.reconciliation import reconcile_history
from vanceweb.vault.clients import build_client
from vanceweb.vault.connection_check import TOKEN_UNREADABLE
from vanceweb.vault.models import Connection
from vanceweb.vault.service_calls import take_due_row
from vanceweb.vault.services import request_balances

logger = logging.getLogger(__name__)

# A job of this site that ends has its history read at once; half an hour is soon enough for charges from elsewhere.
HISTORY_REFRESH_SECONDS = 1800


def filter_readable() -> QuerySet[HistorySync]:
    """Return the histories of connections whose token works."""
    # A subquery and no join: an update with a join would ask about the lease in a subquery, where PostgreSQL doesn't
    # ask again after it has waited for another worker's claim.
    works = Connection.objects.filter(check_state=Connection.CheckState.OK)
    return HistorySync.objects.filter(connection__in=works.values("pk"))


def sync_next_history() -> bool:
    """Read the history that has been due longest, if its service has a free slot, and schedule its next reading.

    Return whether another history is due now, or the same one goes on: its message may have come while its service had
    no slot.
    """
    taken = take_due_row(filter_readable(), base_url="connection__base_url")
    if taken is None:
        return False
    service, lease = taken
    with get_call_slots().returning(service):
        _sync_claimed(lease)
    return filter_due(filter_readable()).exists()


def _sync_claimed(lease: Lease[HistorySync]) -> None:
    with suppress(LeaseLost), release_after_fault("The reading of a history", lease, seconds=HISTORY_REFRESH_SECONDS):
        row = HistorySync.objects.filter(pk=lease.pk).first()
        if row is None:
            return
        with Heartbeat(lease, every=settings.LEASE_HEARTBEAT_SECONDS) as heartbeat:
            sync_history(row.connection_id, is_stopped=heartbeat.lost.is_set)
        lease.release(not_before=schedule_next(row, _find_next_turn(lease.pk)))


def _find_next_turn(pk: int) -> datetime:
    """Return the time of the next turn: at once while a walk is under way, and the later the more turns failed."""
    failures, walk = HistorySync.objects.values_list("failures", "walk_scope").get(pk=pk)
    pause = 0 if walk else HISTORY_REFRESH_SECONDS
    if failures:
        pause = min(settings.HISTORY_RETRY_SECONDS * 2 ** (failures - 1), HISTORY_REFRESH_SECONDS)
    return timezone.now() + timedelta(seconds=pause)


def sync_history(connection_id: int, *, is_stopped: Callable[[], bool] = stopping.is_set) -> int:
    """Read and store a part of the history, and return the number of new rows. Safe to repeat.

    The connection's HistorySync says whether there is more to read. Errors are recorded there; what was read before
    one stays. An error of the token has the connection checked at once. Do nothing if the connection was removed.
    """
    connection = Connection.objects.without_token().filter(pk=connection_id).first()
    if connection is None:
        return 0
    state, _created = HistorySync.objects.get_or_create(connection=connection)
    problem = ""
    stored = 0
    try:
        with build_client(connection) as client:
            listed = ListedHistory(_build_fetch(connection, client), hidden=state.pruned_rows)
            turn = HistoryTurn(state, listed, is_stopped=lambda: is_stopped() or stopping.is_set())
            try:
                turn.run()
            finally:
                stored = turn.stored
    except VanceError as error:
        if isinstance(error, InvalidToken):
            request_balances(connection_ids=[connection.pk])
        problem = error.message
    except DecryptionFailed:
        request_balances(connection_ids=[connection.pk])
        problem = str(TOKEN_UNREADABLE)
    except HistoryChanged:
        problem = _("The service's history changed while it was read. It will be read again.")
    except ReadingOvertaken:
        logger.info("Another worker reads the history of connection %s", connection_id)
        return stored
    _record_end(state, problem)
    reconcile_history(connection_id=connection.pk)
    return stored


def _build_fetch(connection: Connection, client: VanceClient) -> Callable[[int], HistoryPage]:
    """Return a function that reads a page by its number, from 1, and pauses before all but the first."""
    pauses = iter([0.0])
    # The bundled engine is this installation's own.
    pause = 0.0 if connection.is_bundled else settings.HISTORY_PAGE_PAUSE_SECONDS

    def fetch_page(number: int) -> HistoryPage:
        stopping.wait(next(pauses, pause))
        return client.get_history(page=number, limit=settings.HISTORY_PAGE_ROWS)

    return fetch_page


def _record_end(state: HistorySync, problem: str) -> None:
    ended = HistorySync.objects.filter(pk=state.pk)
    if problem:
        # The column ends at 32767 turns.
        ended.filter(failures__lt=1000).update(failures=F("failures") + 1)
        ended.update(last_error=problem)
    else:
        ended.update(failures=0, last_error="", synced_at=timezone.now())
