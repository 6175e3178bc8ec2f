"""Queries for connections."""

from vanceweb.lib.encryption import DecryptionFailed
from vanceweb.vault.models import Connection


def find_unreadable_connections() -> list[Connection]:
    """Return the connections whose token none of the site's keys can decrypt."""
    return [connection for connection in Connection.objects.all() if not _is_readable(connection)]


def _is_readable(connection: Connection) -> bool:
    try:
        connection.token.open()
    except DecryptionFailed:
        return False
    return True
