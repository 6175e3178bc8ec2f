"""The io worker's check of a connection: its token and its balance."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vanceweb.client import InvalidToken, VanceError
from vanceweb.lib.encryption import DecryptionFailed
from vanceweb.vault.clients import build_client
from vanceweb.vault.models import Connection

TOKEN_UNREADABLE = _("The stored token can't be decrypted with this site's keys. Replace it.")


def refresh_balance(connection_id: int) -> None:
    """Ask the service for the balance and store it, or the error. Do nothing if the connection was removed.

    During an outage a token that worked before stays "ok"; a token that is being checked becomes "failed".
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
    """Store the result of the check requested at `asked_at`, unless another check was requested since.

    If the token was replaced in the meantime, the result is about the old one.
    """
    Connection.objects.filter(pk=connection.pk, asked_at=asked_at).update(checked_at=timezone.now(), **fields)
