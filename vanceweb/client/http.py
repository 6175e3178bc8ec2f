"""Sessions for services on the network, whose calls another thread can abort."""

from __future__ import annotations

import socket
import threading
from typing import Any
from weakref import WeakSet

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from vanceweb.client.call_limits import follow_socket, shut_down_socket
from vanceweb.client.redaction import hide_tokens_in_logs


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

    def __init__(self, **options: Any) -> None:
        self._sockets = OpenSockets()
        self._pool_classes = _build_pool_classes(self._sockets)
        super().__init__(**options)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = self._pool_classes

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:
        """Return the manager of connections through a proxy."""
        manager = super().proxy_manager_for(*arguments, **options)
        manager.pool_classes_by_scheme = self._pool_classes
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


def build_http_session(*, connections: int = 10) -> requests.Session:
    """Return a session that keeps up to `connections` open per host and takes proxies from the environment.

    It never retries: whether that is safe depends on the call, so `Transport` does it, over any session (`Retries`).
    """
    hide_tokens_in_logs()
    session = ServiceSession()
    session.headers["User-Agent"] = "vanceweb"
    adapter = AbortableAdapter(pool_connections=connections, pool_maxsize=connections, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def abort_session(session: requests.Session) -> None:
    """Break off the calls of a session that another thread may be using. Calls within the process run to their end."""
    for adapter in session.adapters.values():
        if isinstance(adapter, AbortableAdapter):
            adapter.abort()


def _build_pool_classes(sockets: OpenSockets) -> dict[str, Any]:
    """Return urllib3's pools by scheme, with connections that register their sockets."""

    class Registering(HTTPConnection):
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
