"""Periodic maintenance of connections, run by the sweeper."""

from vanceweb.lib.leases import filter_due
from vanceweb.lib.wakeups import wake_due_rows
from vanceweb.vault.models import Connection
from vanceweb.vault.tasks import check_connections


def wake_due_checks() -> int:
    """Wake workers for connections whose check is due. Return the number of messages."""
    return wake_due_rows(filter_due(Connection.objects.all()), check_connections.enqueue)
