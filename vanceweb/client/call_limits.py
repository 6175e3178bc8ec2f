"""A time limit for a whole call, whatever the service sends meanwhile.

The limits of `requests` are about the time without data. A service that sends a byte now and then, endless interim
responses (1xx), headers or trailers, or that reads an upload byte by byte, keeps within them for days.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

_this_thread = threading.local()


class CallLimit:
    """A context manager that shuts down the connection used in it once `seconds` have passed: reads and writes fail.

    Resolving a name, connecting and a TLS handshake end at their own time limits instead. A call in process has no
    connection and runs to its end.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.is_over = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def follow(self, used: socket.socket) -> None:
        """Take the connection's socket, which may be new or that of an earlier call."""
        with self._lock:
            self._socket = used
            if self.is_over:
                shut_down_socket(used)

    def _end(self) -> None:
        with self._lock:
            self.is_over = True
            if self._socket is not None:
                shut_down_socket(self._socket)

    def __enter__(self) -> Self:
        _this_thread.limit = self
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        _this_thread.limit = None
        with self._lock:
            self._socket = None


def follow_socket(used: object) -> None:
    """Put a connection under the limit of this thread's call, if there is one. Ignore None and other objects."""
    limit: CallLimit | None = getattr(_this_thread, "limit", None)
    if limit is not None and isinstance(used, socket.socket):
        limit.follow(used)


def shut_down_socket(opened: socket.socket) -> None:
    """Shut down a socket that another thread may be using."""
    # The method of the plain socket: that of a TLS socket also drops its state, which the other thread is using.
    with suppress(OSError):
        socket.socket.shutdown(opened, socket.SHUT_RDWR)
