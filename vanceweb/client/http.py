"""Sessions for services on the network, whose calls another thread can abort."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakSet

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError

from vanceweb.client.call_limits import follow_socket, shut_down_socket
from vanceweb.client.redaction import hide_tokens_in_logs
from vanceweb.lib.public_addresses import HostNotFound, check_written_address

# Returns the addresses of a host (and port) to which a connection may go. May raise AddressRefused.
Resolve = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True)
class Network:
    """The way to a service.

    Each new connection goes to one of the addresses that `resolve` returns for host and port; without it, wherever the
    name leads. With the URL of a `proxy`, all go to that instead, which looks up the names. Then hosts that are written
    as an address must be public.
    """

    resolve: Resolve | None = None
    proxy: str = field(default="", repr=False)  # may contain a password


ANYWHERE = Network()


class OpenSockets:
    """The sockets of a session's connections, which can be shut down while other threads use them."""

    def __init__(self) -> None:
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._lock = threading.Lock()
        self._is_shut_down = False

    def add(self, opened: object) -> None:
        """Remember a socket. After `shut_down`, shut it down at once."""
        if not isinstance(opened, socket.socket):
            return
        with self._lock:
            self._sockets.add(opened)
            if self._is_shut_down:
                shut_down_socket(opened)

    def shut_down(self) -> None:
        """Shut down all sockets, and those that are added later: whoever reads or writes gets an error."""
        with self._lock:
            self._is_shut_down = True
            for opened in list(self._sockets):
                shut_down_socket(opened)


class AbortableAdapter(HTTPAdapter):
    """An adapter whose calls end when another thread calls `abort`.

    A call that is still resolving a name, connecting or making a TLS handshake ends at its time limit instead.
    """

    def __init__(self, network: Network = ANYWHERE, **options: Any) -> None:
        self._network = network
        self._sockets = OpenSockets()
        self._pool_classes = _build_pool_classes(self._sockets, network.resolve)
        self._proxy_pool_classes = _build_pool_classes(self._sockets, None)
        super().__init__(**options)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = self._pool_classes

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        """Send a request. Raise AddressRefused if it names an address that isn't allowed."""
        if self._network.proxy:
            check_written_address(urlsplit(request.url or "").hostname or "")
        return super().send(request, *arguments, **options)

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:
        """Return the manager of connections through a proxy."""
        manager = super().proxy_manager_for(*arguments, **options)
        manager.pool_classes_by_scheme = self._proxy_pool_classes
        return manager

    def abort(self) -> None:
        """Break off all calls and make later ones fail. Any thread may call it, repeatedly."""
        self._sockets.shut_down()


class ServiceSession(requests.Session):
    """A session for which a redirect is a response like any other.

    `requests` prepares the next request even where it doesn't follow redirects: it would read the whole body, and fail
    on an address that can't be parsed.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None: there is nothing to follow."""
        return


def build_http_session(*, connections: int = 10, network: Network = ANYWHERE) -> requests.Session:
    """Return a session that keeps up to `connections` open per host.

    Names and passwords in `.netrc` and the proxies of the environment are not used: they belong to whoever started the
    process. The certificates of authorities in REQUESTS_CA_BUNDLE are.

    It never retries: whether that is safe depends on the call, so `Transport` does it, over any session (`Retries`).
    """
    hide_tokens_in_logs()
    session = ServiceSession()
    session.trust_env = False
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
    session.proxies = {"http": network.proxy, "https": network.proxy} if network.proxy else {}
    session.headers["User-Agent"] = "vanceweb"
    adapter = AbortableAdapter(network, pool_connections=connections, pool_maxsize=connections, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def abort_session(session: requests.Session) -> None:
    """Break off the calls of a session that another thread may be using. Calls within the process run to their end."""
    for adapter in session.adapters.values():
        if isinstance(adapter, AbortableAdapter):
            adapter.abort()


def _build_pool_classes(sockets: OpenSockets, resolve: Resolve | None) -> dict[str, Any]:
    """Return urllib3's pools by scheme, with connections that register their sockets and go where `resolve` says."""

    class Registering(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return super()._new_conn() if resolve is None else self._connect_to_first(resolve)

        def _connect_to_first(self, resolve: Resolve) -> socket.socket:
            """Connect to the first of the addresses that answers. The name stays that of the certificate."""
            name = self._dns_host
            failure: HTTPError = NewConnectionError(self, "no address")
            try:
                for address in resolve(name, self.port):
                    self._dns_host = address
                    try:
                        return super()._new_conn()
                    except (ConnectTimeoutError, NewConnectionError) as error:
                        failure = error
            except HostNotFound:
                raise NameResolutionError(name, self, socket.gaierror()) from None
            finally:
                self._dns_host = name
            raise failure

        def connect(self) -> None:
            super().connect()
            sockets.add(self.sock)
            follow_socket(self.sock)

        def request(self, *arguments: Any, **options: Any) -> None:
            # The connection may be that of an earlier call; if it is closed, `connect` follows.
            follow_socket(self.sock)
            super().request(*arguments, **options)

    class RegisteringHTTPConnection(Registering):
        pass

    class RegisteringHTTPSConnection(Registering, HTTPSConnection):
        pass

    class RegisteringHTTPPool(HTTPConnectionPool):
        ConnectionCls = RegisteringHTTPConnection

    class RegisteringHTTPSPool(HTTPSConnectionPool):
        ConnectionCls = RegisteringHTTPSConnection

    return {"http": RegisteringHTTPPool, "https": RegisteringHTTPSPool}
