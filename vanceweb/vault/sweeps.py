"""Periodic maintenance of connections, run by the sweeper."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from vanceweb.vault.models import Connection
from vanceweb.vault.services import request_balance

# Balances change through jobs here and on billing days; half an hour is soon enough for the latter.
BALANCE_REFRESH_SECONDS = 1800
# The message of a check without a result after this long counts as lost.
CHECK_REASK_SECONDS = 60


def refresh_balances() -> None:
    """Enqueue readings of stale balances, and checks of tokens whose task was lost."""
    now = timezone.now()
    stale = now - timedelta(seconds=BALANCE_REFRESH_SECONDS)
    lost = now - timedelta(seconds=CHECK_REASK_SECONDS)
    state = Connection.CheckState
    rows = Connection.objects.without_token().filter(
        Q(check_state=state.OK, asked_at__lt=stale) | Q(check_state=state.CHECKING, asked_at__lt=lost)
    )
    for connection in rows:
        is_lost = connection.check_state == state.CHECKING
        request_balance(connection_id=connection.pk, asked_before=lost if is_lost else stale)
