"""Queries for connections."""

from collections.abc import Iterable

from vanceweb.lib.encryption import DecryptionFailed
from vanceweb.teams.access import Actor, filter_spendable
from vanceweb.vault.models import Connection


def choose_other(actor: Actor, connection: Connection | None) -> Connection | None:
    """Return the connection to offer in place of this one, or None if the actor may use no other that isn't broken."""
    spendable = filter_spendable(Connection.objects.without_token(), actor)
    return choose_default(row for row in spendable if row != connection)


def choose_default(connections: Iterable[Connection]) -> Connection | None:
    """Return the connection to offer first: one that works, else one that may work. None if all are broken.

    Among equals it is the first.
    """
    usable = [connection for connection in connections if not connection.is_broken]
    return min(usable, key=_get_doubt, default=None)


def _get_doubt(connection: Connection) -> int:
    if connection.is_unanswered:
        return 2
    return 0 if connection.check_state == Connection.CheckState.OK else 1


def count_unfinished_jobs(connection: Connection) -> int:
    """Return the number of jobs that run, wait or are held on the connection: its removal ends them."""
    return connection.jobs.filter(finished_at=None).count()


def find_unreadable_connections() -> list[Connection]:
    """Return the connections whose token none of the site's keys can decrypt."""
    return [connection for connection in Connection.objects.all() if not _is_readable(connection)]


def _is_readable(connection: Connection) -> bool:
    try:
        connection.token.open()
    except DecryptionFailed:
        return False
    return True
