"""Requests to URLs from untrusted sources, with protection against server-side request forgery.

The host is resolved once, all its addresses must be public, and the connection goes to a checked address only, so DNS
rebinding has no effect. Redirects aren't followed here (see `outbound_fetch.py`), and one timer limits the whole
exchange. Where a proxy makes the connections, it looks up the names, and has to refuse private addresses itself.
"""

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from vanceweb.lib.outbound_proxy import Proxy
from vanceweb.lib.public_addresses import (
    AddressRefused,
    check_written_address,
    find_addresses,
    find_public_addresses,
)

PORTS = {"http": 80, "https": 443}
USER_AGENT = "vanceweb"
# Characters kept in a path or query: delimiters and existing quotation.
UNQUOTED_CHARACTERS = "%/:?#[]@!$&'()*+,;=~"


class DeliveryFailed(Exception):
    """There was no valid response: the host is unreachable, its certificate invalid, or it is too slow or not HTTP."""


@dataclass(frozen=True)
class DeliveryTimeouts:
    """Time limits in seconds for connecting (all addresses together) and for the whole exchange after that."""

    connect: float
    total: float


@dataclass(frozen=True)
class Target:
    """The parts of a URL, with its checked addresses in the resolver's order: none if a proxy looks them up."""

    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]


def check_public_url(url: str, *, allowed_hosts: Collection[str], has_proxy: bool = False) -> Target:
    """Return the target of an http or https URL. Raises AddressRefused unless all its host's addresses are public.

    Raises HostNotFound if there are none. Hosts in `allowed_hosts` (lower-case names or addresses) may have any
    address and are called directly. With a proxy, other hosts are checked only if they are written as an address.
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
    if name in allowed_hosts:
        addresses = find_addresses(name, port)
    elif has_proxy:
        check_written_address(name)
        addresses = ()
    else:
        addresses = find_public_addresses(name, port)
    path = quote(parts.path or "/", safe=UNQUOTED_CHARACTERS)
    query = f"?{quote(parts.query, safe=UNQUOTED_CHARACTERS)}" if parts.query else ""
    return Target(parts.scheme, name, port, path + query, addresses)


def post_json_to_public_url(
    url: str,
    payload: Mapping[str, Any],
    *,
    timeouts: DeliveryTimeouts,
    allowed_hosts: Collection[str] = (),
    proxy: Proxy | None = None,
) -> int:
    """Post `payload` as JSON, through the proxy if there is one, and return the response's HTTP status, even for an
    error.

    Raises AddressRefused (see `check_public_url`; nothing was sent) or DeliveryFailed.
    """
    body = json.dumps(payload).encode()
    return post_to_public_url(url, body, headers={}, timeouts=timeouts, allowed_hosts=allowed_hosts, proxy=proxy)


def post_to_public_url(
    url: str,
    body: bytes,
    *,
    headers: Mapping[str, str],
    timeouts: DeliveryTimeouts,
    allowed_hosts: Collection[str] = (),
    proxy: Proxy | None = None,
) -> int:
    """Post JSON that is written already, with more headers, and return the response's HTTP status, even for an error.

    Raises as `post_json_to_public_url`.
    """
    target = check_public_url(url, allowed_hosts=allowed_hosts, has_proxy=proxy is not None)
    sent = {"Content-Type": "application/json", **headers}
    with open_exchange(target, "POST", body=body, headers=sent, timeouts=timeouts, proxy=proxy) as response:
        return response.status


@contextmanager
def open_exchange(
    target: Target,
    method: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str],
    timeouts: DeliveryTimeouts,
    proxy: Proxy | None = None,
) -> Iterator[http.client.HTTPResponse]:
    """Send a request to a checked target and yield the response, whose body the block may read within the time limit.

    Raises DeliveryFailed, also for errors while the block reads.
    """
    sent = {"User-Agent": USER_AGENT, "Connection": "close", **headers}
    if target.addresses or proxy is None:
        connection, request_target = _PinnedConnection(target, timeouts), target.path
    else:
        connection, request_target = _ProxiedConnection(target, timeouts, proxy), proxy.build_request_target(target)
        sent |= proxy.build_headers(target)
    try:
        with connection.enforce_time_limit():
            connection.request(method, request_target, body=body, headers=sent)
            yield connection.getresponse()
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
        self.sock = self._connect_to_first(self.target.addresses, self.target.port)
        self.sock.settimeout(self.timeouts.total)
        self._start_tls()

    def _start_tls(self) -> None:
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

    def _connect_to_first(self, addresses: Collection[str], port: int) -> socket.socket:
        deadline = time.monotonic() + self.timeouts.connect
        error: OSError = TimeoutError("no address answered in time")
        for address in addresses:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            try:
                return socket.create_connection((address, port), left)
            except OSError as failure:
                error = failure
        raise error

    def _shut_down(self) -> None:
        with suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)


class _ProxiedConnection(_PinnedConnection):
    """A connection to a proxy, which leads on to the target: as a tunnel if the target speaks TLS."""

    def __init__(self, target: Target, timeouts: DeliveryTimeouts, proxy: Proxy) -> None:
        super().__init__(target, timeouts)
        self.proxy = proxy
        if target.scheme == "https":
            self.set_tunnel(target.host, target.port, proxy.authorization)

    def connect(self) -> None:
        self.sock = self._connect_to_first((self.proxy.host,), self.proxy.port)
        self.sock.settimeout(self.timeouts.total)
        if self.target.scheme == "https":
            self._tunnel()  # type: ignore[attr-defined]  # what http.client's own `connect` calls
        self._start_tls()
