"""Clients that keep a web server waiting: connections that send a byte now and then."""

import contextlib
import socket
import threading
from collections.abc import Iterator

SLOW_HEADERS = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
SLOW_BODY = b"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\nx"
PAUSE_SECONDS = 0.5


@contextlib.contextmanager
def open_slow_connections(port: int, *, headers: int, bodies: int) -> Iterator[list[socket.socket]]:
    """Keep connections open that send a byte of a header, or of a body, every PAUSE_SECONDS."""
    stopped = threading.Event()
    with contextlib.ExitStack() as stack:
        connections = []
        for start in [SLOW_HEADERS] * headers + [SLOW_BODY] * bodies:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
            with contextlib.suppress(OSError):
                connection.sendall(start)
            connections.append(connection)
        thread = threading.Thread(target=_send_slowly, args=(connections, stopped), daemon=True)
        thread.start()
        try:
            yield connections
        finally:
            stopped.set()
            thread.join()


def _send_slowly(connections: list[socket.socket], stopped: threading.Event) -> None:
    while not stopped.wait(PAUSE_SECONDS):
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.send(b"x")
