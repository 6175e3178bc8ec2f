"""Hosts with private addresses that the site may call for somebody."""

from urllib.parse import urlsplit

from django.conf import settings

from vanceweb.vault.base_urls import has_private_host


def find_allowed_hosts(url: str, *, may_be_private: bool) -> frozenset[str]:
    """Return the hosts of the URL that may have any address, and are called without a proxy.

    Those are the operator's ENGINE_WEBHOOK_ALLOWED_HOSTS and, if whoever gave the URL may name private addresses
    (`vault.base_urls.can_name_private_addresses`), its own host. Where a proxy makes the connections, it looks up the
    names: only a host that is written as a private one is called without it.
    """
    allowed = frozenset(settings.ENGINE_WEBHOOK_ALLOWED_HOSTS)
    if not may_be_private or settings.PRIVATE_ADDRESSES == "nobody":
        return allowed
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return allowed
    if settings.OUTBOUND_PROXY is not None and not has_private_host(host):
        return allowed
    return allowed | {host}
