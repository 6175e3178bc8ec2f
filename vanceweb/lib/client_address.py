"""The address of the client behind a request, past the proxies that the operator trusts."""

import ipaddress
from collections.abc import Iterable

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def parse_networks(texts: Iterable[str]) -> list[Network]:
    """Return addresses and networks (`10.0.0.0/8`) as networks. Raise ImproperlyConfigured for anything else."""
    networks = []
    for text in texts:
        try:
            networks.append(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError:
            raise ImproperlyConfigured(f"TRUSTED_PROXIES: “{text}” is neither an address nor a network.") from None
    return networks


def get_client_address(request: HttpRequest) -> str:
    """Return the address to throttle and to log a request by, "" if there is none.

    A proxy adds the address of whoever called it to the end of X-Forwarded-For, and everything before that may be
    invented. So the header is read from its end, as long as the address so far is that of a trusted proxy.
    """
    address = _parse_address(request.META.get("REMOTE_ADDR", ""))
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    while address is not None and forwarded and _is_trusted(address):
        named = _parse_address(forwarded.pop())
        if named is None:
            break
        address = named
    return "" if address is None else str(address)


def is_from_trusted_proxy(request: HttpRequest) -> bool:
    """Return whether the request came directly from a proxy that the operator trusts."""
    address = _parse_address(request.META.get("REMOTE_ADDR", ""))
    return address is not None and _is_trusted(address)


def _is_trusted(address: Address) -> bool:
    return any(address in network for network in settings.TRUSTED_PROXIES)


def _parse_address(text: str) -> Address | None:
    """Return the address, without the port that some proxies add. An IPv4 address in IPv6 form becomes IPv4."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
