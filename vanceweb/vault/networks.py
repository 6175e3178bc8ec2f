"""The way to a connection's service: which addresses its calls may go to, and whether through the proxy."""

from urllib.parse import urlsplit

from django.conf import settings

from vanceweb.client import Network
from vanceweb.lib.public_addresses import find_addresses, find_public_addresses
from vanceweb.vault.base_urls import has_private_host
from vanceweb.vault.models import Connection


def build_network(connection: Connection) -> Network:
    """Return the network for the calls to the connection's service.

    Its addresses are looked up for each new connection, all of them must be public, and it goes to one of them only.
    They may be private if somebody added the connection who may name private addresses, or if it is the settings' own.
    Where a proxy makes the connections, it also looks up the names; services on the own network are called without it.
    """
    host = urlsplit(connection.base_url).hostname or ""
    may_be_private = is_private_allowed(connection)
    if settings.OUTBOUND_PROXY is not None and not (may_be_private and has_private_host(host)):
        return Network(proxy=settings.OUTBOUND_PROXY.url)
    return Network(resolve=find_addresses if may_be_private else find_public_addresses)


def is_private_allowed(connection: Connection) -> bool:
    """Return whether the connection's service may be on a private address."""
    if connection.base_url == settings.HOSTED_BASE_URL.rstrip("/"):
        return True
    if settings.PRIVATE_ADDRESSES == "everyone":
        return True
    return connection.may_be_private and settings.PRIVATE_ADDRESSES != "nobody"
