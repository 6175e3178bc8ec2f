"""The io worker's check of a connection: its token and its balance."""

import logging
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vanceweb.client import InvalidToken, VanceError
from vanceweb.lib.call_slots import get_call_slots
from vanceweb.lib.due_rows import schedule_next
from vanceweb.lib.encryption import DecryptionFailed
from vanceweb.lib.leases import Heartbeat, Lease, LeaseLost, filter_due
from vanceweb.lib.row_faults import release_after_fault
from vanceweb.vault.clients import build_client
from vanceweb.vault.models import Connection
from vanceweb.vault.rejections import report_rejection
from vanceweb.vault.service_calls import take_due_row

logger = logging.getLogger(__name__)

TOKEN_UNREADABLE = _(
    "The stored token can't be decrypted with this site's keys. Replace it, or have the old key put back."
)
CHECK_FAULT = _("An unexpected error on this site ended the check. The site's log has the reason.")
# Balances change through jobs here and on billing days; half an hour is soon enough for the latter.
BALANCE_REFRESH_SECONDS = 1800
# Every token is tried at least once a day: a service may accept again what it refused by mistake. The checks of tokens
# that were refused together, as by a service in trouble, are spread over the last hours of the day.
DAILY_CHECK_SECONDS = 24 * 3600
DAILY_SPREAD_SECONDS = 4 * 3600
# A check of a token that failed without an answer, by a fault of this site, is repeated this much later.
CHECK_RETRY_SECONDS = 60


def check_next_connection() -> bool:
    """Check the connection that has been due longest, if its service has a free slot, and schedule its next check.

    Return whether another connection is due now: its message may have come while its service had no slot.
    """
    taken = take_due_row(Connection.objects.all())
    if taken is None:
        return False
    service, lease = taken
    with get_call_slots().returning(service):
        check_connection(lease)
    return filter_due(Connection.objects.all()).exists()


def check_connection(lease: Lease[Connection]) -> None:
    """Ask the service for the balance, store it or the error, and release the connection.

    If a check was requested or the token replaced since, the result is discarded.
    """
    with suppress(LeaseLost), release_after_fault("The check of a connection", lease, seconds=CHECK_RETRY_SECONDS):
        connection = Connection.objects.without_token().filter(pk=lease.pk).first()
        if connection is None:
            return
        try:
            with Heartbeat(lease, every=settings.LEASE_HEARTBEAT_SECONDS):
                result = _read_balance(connection) | {"checked_at": timezone.now()}
            pause = _choose_pause(connection, result)
        except Exception:
            logger.exception("The check of connection %s failed unexpectedly", connection.pk)
            result = _build_failure(connection, str(CHECK_FAULT))
            is_new = connection.check_state == Connection.CheckState.CHECKING
            pause = CHECK_RETRY_SECONDS if is_new else BALANCE_REFRESH_SECONDS
        due_next = schedule_next(connection, timezone.now() + timedelta(seconds=pause))
        with transaction.atomic():
            lease.release(not_before=due_next, **result)
            if result.get("rejected_at") is not None and connection.rejected_at is None:
                report_rejection(connection)


def compute_daily_pause(connection_id: int) -> int:
    """Return the seconds until the daily check of a connection, spread by its id."""
    # Neighbouring ids are far apart.
    return DAILY_CHECK_SECONDS - connection_id * 997 % DAILY_SPREAD_SECONDS


def _choose_pause(connection: Connection, result: dict[str, Any]) -> int:
    """Return the seconds until the next check. A refused token waits longer than a service that didn't answer."""
    works = result["check_state"] == Connection.CheckState.OK
    is_final = result.get("rejected_at") is not None or result["last_error"] == TOKEN_UNREADABLE
    return compute_daily_pause(connection.pk) if is_final and not works else BALANCE_REFRESH_SECONDS


def _read_balance(connection: Connection) -> dict[str, Any]:
    """Return the columns to store."""
    state = Connection.CheckState
    try:
        with build_client(connection) as client:
            balance = client.get_balance()
    except DecryptionFailed:
        return {"check_state": state.FAILED, "last_error": TOKEN_UNREADABLE}
    except InvalidToken as error:
        since = connection.rejected_at or timezone.now()
        return {"check_state": state.FAILED, "last_error": error.message, "rejected_at": since}
    except VanceError as error:
        return _build_failure(connection, error.message)
    return {
        "granted": balance.granted,
        "used": balance.used,
        "check_state": state.OK,
        "last_error": "",
        "rejected_at": None,
    }


def _build_failure(connection: Connection, sentence: str) -> dict[str, Any]:
    """Return the columns to store after a check without an answer.

    During an outage a token that worked before stays "ok"; a token that is being checked becomes "failed".
    """
    state = Connection.CheckState
    is_new = connection.check_state == state.CHECKING
    return {"check_state": state.FAILED if is_new else connection.check_state, "last_error": sentence}
