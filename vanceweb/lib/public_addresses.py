"""Addresses of the public internet, told from those that lead into a private network or to the machine itself."""

import ipaddress
import re
import socket

# Networks that Python's ipaddress calls global although nobody on the internet answers there, or somebody nearer does:
# protocol assignments (RFC 6890), the relay of 6to4 (RFC 7526), an address of Azure's hosts, NAT64 within a network
# (RFC 8215), documentation (RFC 9637), segment routing (RFC 9602).
NOT_PUBLIC = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "64:ff9b:1::/48", "3fff::/20", "5f00::/16",
    )
)  # fmt: skip
# Prefixes whose last 32 bits are an IPv4 address, which a translator would connect to (RFC 6052, RFC 4291, RFC 2765).
IPV4_EMBEDDING_PREFIXES = tuple(ipaddress.IPv6Network(text) for text in ("64:ff9b::/96", "::/96", "::ffff:0:0:0/96"))
# The third quarter of an address whose last one is an IPv4 address, for a private or a global one (ISATAP, RFC 5214).
ISATAP_MARKS = (0x0000_5EFE, 0x0200_5EFE)

# Labels of up to 63 characters (RFC 1035; real names also have underscores). The last one isn't a number: that would be
# an IPv4 address.
HOST_NAME = re.compile(r"(?=.{1,253}\Z)([a-z0-9_-]{1,63}\.)*(?!\d+\Z)[a-z0-9_-]{1,63}\Z", re.IGNORECASE)

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefused(Exception):
    """The address isn't allowed. The message is a sentence for the person who supplied it."""


class HostNotFound(AddressRefused):
    """The host has no address now. It may have one later: a name's server can fail, and a new name takes hours."""


def find_addresses(host: str, port: int) -> tuple[str, ...]:
    """Return the addresses of a host, in the resolver's order. Raise HostNotFound, or AddressRefused for no host."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        if not HOST_NAME.match(host):
            raise AddressRefused("The URL's host is neither a name nor an address.") from None
        raise HostNotFound("The URL's host can't be found.") from None
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def find_public_addresses(host: str, port: int) -> tuple[str, ...]:
    """Return the addresses of a host. Raise AddressRefused unless all of them are public."""
    addresses = find_addresses(host, port)
    if not all(is_public(address) for address in addresses):
        raise AddressRefused("The URL's host has an address that is not public.")
    return addresses


def check_written_address(host: str) -> None:
    """Raise AddressRefused for a host that is written as an address, in any notation, and isn't public.

    Names are not resolved: where a proxy makes the connections, it also looks up the names.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return
    if not all(is_public(str(entry[4][0])) for entry in found):
        raise AddressRefused("The URL's host has an address that is not public.")


def is_public(text: str) -> bool:
    """Return whether an address belongs to the public internet: it isn't private, loopback, link-local, multicast,
    shared, reserved or for documentation, nor an IPv6 form of such an IPv4 address."""
    try:
        address: IPAddress = ipaddress.ip_address(text)
    except ValueError:
        return False
    if any(address in network for network in NOT_PUBLIC):
        return False
    embedded = _extract_ipv4(address)
    if embedded is not None and not is_public(str(embedded)):
        return False
    site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    return address.is_global and not (address.is_multicast or address.is_reserved or site_local)


def _extract_ipv4(address: IPAddress) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address embedded in an IPv6 address (mapped, 6to4, Teredo, ISATAP or translated), or None."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    is_isatap = int(address) >> 32 & 0xFFFFFFFF in ISATAP_MARKS
    if is_isatap or any(address in network for network in IPV4_EMBEDDING_PREFIXES):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
