"""POST requests to URLs from untrusted sources, with protection against server-side request forgery.

The host is resolved once, all its addresses must be public, and the connection goes to a checked address only, so DNS
rebinding has no effect. Redirects aren't followed, the response's body isn't read, and one timer limits the whole
exchange.
"""

import http.client
import ipaddress
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

PORTS = {"http": 80, "https": 443}
USER_AGENT = "vanceweb"
# Prefixes whose last 32 bits are an IPv4 address, which a translator would connect to (RFC 6052, RFC 4291).
IPV4_EMBEDDING_PREFIXES = tuple(ipaddress.IPv6Network(text) for text in ("64:ff9b::/96", "::/96"))
# Characters kept in a path or query: delimiters and existing quotation.
UNQUOTED_CHARACTERS = "%/:?#[]@!$&'()*+,;=~"

# Labels of up to 63 characters (RFC 1035; real names also have underscores). The last one isn't a number: that would be
# an IPv4 address.
HOST_NAME = re.compile(r"(?=.{1,253}\Z)([a-z0-9_-]{1,63}\.)*(?!\d+\Z)[a-z0-9_-]{1,63}\Z", re.IGNORECASE)

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefused(Exception):
    """The URL isn't allowed. The message is a sentence for the person who supplied it."""


class HostNotFound(AddressRefused):
    """The host has no address now. It may have one later: a name's server can fail, and a new name takes hours."""


class DeliveryFailed(Exception):
    """There was no valid response: the host is unreachable, its certificate invalid, or it is too slow or not HTTP."""


@dataclass(frozen=True)
class DeliveryTimeouts:
    """Time limits in seconds for connecting (all addresses together) and for the whole exchange after that."""

    connect: float
    total: float


@dataclass(frozen=True)
class Target:
    """The parts of a URL, with its checked addresses in the resolver's order."""

    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]


def check_public_url(url: str, *, allowed_hosts: Collection[str]) -> Target:
    """Return the target of an http or https URL. Raises AddressRefused unless all its host's addresses are public.

    Raises HostNotFound if there are none. Hosts in `allowed_hosts` (lower-case names or addresses) may have any
    address.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
        name = host if ":" in host else host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        raise AddressRefused("The URL can't be read.") from None
    if parts.scheme not in PORTS or not name:
        raise AddressRefused("The URL must begin with http:// or https:// and name a host.")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("The URL must not contain a user name or password.")
    port = PORTS[parts.scheme] if port is None else port
    addresses = _resolve(name, port)
    if name not in allowed_hosts and not all(is_public(address) for address in addresses):
        raise AddressRefused("The URL's host has an address that is not public.")
    path = quote(parts.path or "/", safe=UNQUOTED_CHARACTERS)
    query = f"?{quote(parts.query, safe=UNQUOTED_CHARACTERS)}" if parts.query else ""
    return Target(parts.scheme, name, port, path + query, addresses)


def is_public(text: str) -> bool:
    """Return whether an address belongs to the public internet: it isn't private, loopback, link-local, multicast,
    shared, reserved or for documentation, nor an IPv6 form of such an IPv4 address."""
    try:
        address: IPAddress = ipaddress.ip_address(text)
    except ValueError:
        return False
    embedded = _extract_ipv4(address)
    if embedded is not None and not is_public(str(embedded)):
        return False
    site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    return address.is_global and not (address.is_multicast or address.is_reserved or site_local)


def post_json_to_public_url(
    url: str, payload: Mapping[str, Any], *, timeouts: DeliveryTimeouts, allowed_hosts: Collection[str] = ()
) -> int:
    """Post `payload` as JSON and return the response's HTTP status, even for an error.

    Raises AddressRefused (see `check_public_url`; nothing was sent) or DeliveryFailed.
    """
    target = check_public_url(url, allowed_hosts=allowed_hosts)
    body = json.dumps(payload).encode()
    headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT, "Connection": "close"}
    connection = _PinnedConnection(target, timeouts)
    try:
        with connection.enforce_time_limit():
            connection.request("POST", target.path, body=body, headers=headers)
            return connection.getresponse().status
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DeliveryFailed(f"no answer ({type(error).__name__})") from error
    finally:
        connection.close()


class _PinnedConnection(http.client.HTTPConnection):
    """A connection to checked addresses only. The host name is used for the Host header and the certificate."""

    def __init__(self, target: Target, timeouts: DeliveryTimeouts) -> None:
        super().__init__(target.host, target.port, timeout=timeouts.total)
        self.default_port = PORTS[target.scheme]
        self.target = target
        self.timeouts = timeouts

    def connect(self) -> None:
        self.sock = self._connect_to_first()
        self.sock.settimeout(self.timeouts.total)
        if self.target.scheme == "https":
            context = ssl.create_default_context()
            # The handshake comes after `self.sock` is set, so that the timer can interrupt it.
            self.sock = context.wrap_socket(self.sock, server_hostname=self.target.host, do_handshake_on_connect=False)
            self.sock.do_handshake()

    @contextmanager
    def enforce_time_limit(self) -> Iterator[None]:
        """Shut down the connection when the time limit has passed. A limit for each read wouldn't stop a receiver that
        keeps sending single bytes."""
        timer = threading.Timer(self.timeouts.connect + self.timeouts.total, self._shut_down)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _connect_to_first(self) -> socket.socket:
        deadline = time.monotonic() + self.timeouts.connect
        error: OSError = TimeoutError("no address answered in time")
        for address in self.target.addresses:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            try:
                return socket.create_connection((address, self.target.port), left)
            except OSError as failure:
                error = failure
        raise error

    def _shut_down(self) -> None:
        with suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)


def _resolve(host: str, port: int) -> tuple[str, ...]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        if not HOST_NAME.match(host):
            raise AddressRefused("The URL's host is neither a name nor an address.") from None
        raise HostNotFound("The URL's host can't be found.") from None
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _extract_ipv4(address: IPAddress) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address embedded in an IPv6 address (mapped, 6to4, Teredo or translated), or None."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if any(address in network for network in IPV4_EMBEDDING_PREFIXES):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
