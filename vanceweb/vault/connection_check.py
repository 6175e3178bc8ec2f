"""Trying a connection: the io worker's side."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from vanceweb.client import InvalidToken, VanceError
from vanceweb.lib.encryption import DecryptionFailed
from vanceweb.vault.clients import build_client
from vanceweb.vault.models import Connection

TOKEN_UNREADABLE = "The stored token can't be decrypted with this site's keys. Replace it."  # noqa: S105


def refresh_balance(connection_id: int) -> None:
    """Asks the service for the balance and stores it, or what went wrong. Does nothing for a removed connection.

    A token that worked before stays "ok" through an outage; one that is being tried does not become so by it.
    """
    connection = Connection.objects.without_token().filter(pk=connection_id).first()
    if connection is None:
        return
    asked_at = connection.asked_at
    try:
        with build_client(connection) as client:
            balance = client.get_balance()
    except DecryptionFailed:
        store_check_result(
            connection, asked_at=asked_at, check_state=Connection.CheckState.FAILED, last_error=TOKEN_UNREADABLE
        )
    except InvalidToken as error:
        store_check_result(
            connection, asked_at=asked_at, check_state=Connection.CheckState.FAILED, last_error=error.message
        )
    except VanceError as error:
        store_check_result(
            connection, asked_at=asked_at, check_state=_get_state_after_outage(connection), last_error=error.message
        )
    else:
        store_check_result(
            connection,
            asked_at=asked_at,
            granted=balance.granted,
            used=balance.used,
            check_state=Connection.CheckState.OK,
            last_error="",
        )


def _get_state_after_outage(connection: Connection) -> str:
    if connection.check_state == Connection.CheckState.CHECKING:
        return Connection.CheckState.FAILED
    return connection.check_state


def store_check_result(connection: Connection, *, asked_at: datetime, **fields: Any) -> None:
    """Writes what a service answered to a question of `asked_at`, unless it was asked another one since.

    (Where the token was replaced in the meantime, the answer is about the old one.)
    """
    Connection.objects.filter(pk=connection.pk, asked_at=asked_at).update(checked_at=timezone.now(), **fields)
