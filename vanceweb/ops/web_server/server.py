"""The server on a listening socket: limits over all connections, and the stop."""

import faulthandler
import logging
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from vanceweb.ops.listener import BACKLOG
from vanceweb.ops.web_server.connection import Connection
from vanceweb.ops.web_server.limits import (
    ALL_BODIES_MAX_BYTES,
    BODY_MEMORY_BYTES,
    CHECK_SECONDS,
    FILES_PER_CONNECTION,
    HEADER_MAX_BYTES,
    MAX_CONNECTIONS,
    SPARE_CONNECTIONS,
    STOP_SECONDS,
)

Application = Callable[..., Iterable[bytes]]


class Server(TcpWSGIServer):  # type: ignore[misc]  # waitress has no types
    """waitress's server with deadlines. Its main thread receives and sends, `threads` others run the application."""

    channel_class = Connection
    is_stopping = False
    max_connections = MAX_CONNECTIONS
    # Replaced when the main loop hangs for this long, in seconds; 0 for never.
    watchdog_seconds = 0

    def maintenance(self, now: float) -> None:
        """Do nothing: waitress calls this by the time of day, `run` checks the connections by a clock nobody sets."""

    def check_connections(self, now: float) -> None:
        """Enforce all deadlines and the limit of bodies, and tell the watchdog that the main loop runs."""
        if self.watchdog_seconds:
            faulthandler.dump_traceback_later(self.watchdog_seconds, exit=True)
        connections = list(self.active_channels.values())
        for connection in connections:
            connection.check_deadlines(now)
        _drop_largest_bodies(connections)

    def handle_accept(self) -> None:
        """Accept a connection; when that is one too many, close the one that has waited longest for its client.

        While all are being answered there is none to close: then waitress stops accepting at its own limit.
        """
        # Closed afterwards: a new connection with an old one's number would be given the events of the old one.
        super().handle_accept()
        if len(self.active_channels) > self.max_connections:
            waiting = [one for one in self.active_channels.values() if not one.is_answering()]
            if waiting:
                min(waiting, key=_order_by_loss).drop()

    def handle_error(self) -> None:
        """Let an unexpected error end the process, which is then restarted: without its socket it would live deaf."""
        raise

    def stop(self, *_: object) -> None:
        """Let `run` return when all complete requests are answered; a signal handler."""
        self.is_stopping = True
        self.accepting = False
        self.pull_trigger()

    def run(self) -> None:
        """Serve until `stop`, then answer what has arrived completely, for at most STOP_SECONDS."""
        check_at = 0.0
        while not self.is_stopping:
            if (now := time.monotonic()) >= check_at:
                self.check_connections(now)
                check_at = now + CHECK_SECONDS
            wasyncore.loop(timeout=CHECK_SECONDS, use_poll=True, map=self._map, count=1)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and any(one.is_answering() for one in list(self.active_channels.values())):
            wasyncore.loop(timeout=CHECK_SECONDS / 10, use_poll=True, map=self._map, count=1)
        faulthandler.cancel_dump_traceback_later()
        wasyncore.close_all(self._map)


def serve(application: Application, listener: socket.socket, *, threads: int, max_body: int, watchdog: int) -> None:
    """Serve `application` on `listener` until SIGTERM or SIGINT, with bodies of at most `max_body` bytes.

    After `watchdog` seconds without a round of the main loop, the process ends with its threads' stacks in the log.
    """
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a queue of requests is nothing to report
    max_connections = extend_file_limit(MAX_CONNECTIONS)
    adjustments = Adjustments(
        sockets=[listener],
        threads=threads,
        backlog=BACKLOG,
        connection_limit=max_connections + SPARE_CONNECTIONS,
        max_request_header_size=HEADER_MAX_BYTES,
        max_request_body_size=max_body + 1,  # waitress refuses from this size on
        inbuf_overflow=BODY_MEMORY_BYTES,
        log_socket_errors=False,  # a client that goes away is nothing to report
        clear_untrusted_proxy_headers=False,  # Django decides about X-Forwarded-Proto (SECURE_PROXY_SSL_HEADER)
        ident="",
    )
    dispatcher = ThreadedTaskDispatcher()
    dispatcher.set_thread_count(threads)
    server = Server(
        complete_answers(application),
        {},
        _sock=listener,
        dispatcher=dispatcher,
        adj=adjustments,
        sockinfo=(listener.family, listener.type, listener.proto, listener.getsockname()),
        bind_socket=False,
    )
    server.max_connections, server.watchdog_seconds = max_connections, watchdog
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.stop)
    server.run()


def complete_answers(application: Application) -> Application:
    """Return the application with what waitress leaves to it and Django to the server.

    Answers to HEAD lose their bodies. A body that isn't streamed becomes a list: then waitress sends its length where
    the application didn't, instead of closing the connection at its end.
    """

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = application(environ, start_response)
        is_head = environ["REQUEST_METHOD"] == "HEAD"
        if not is_head and getattr(body, "streaming", True):
            return body
        pieces = [] if is_head else list(body)
        if hasattr(body, "close"):
            body.close()
        return pieces

    return answer


def extend_file_limit(connections: int) -> int:
    """Raise the process's limit of open files as far as `connections` need it; return how many it allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections * FILES_PER_CONNECTION
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return connections if soft == resource.RLIM_INFINITY else min(connections, soft // FILES_PER_CONNECTION)


def _drop_largest_bodies(connections: Iterable[Connection]) -> None:
    """Give up the largest bodies that are still arriving, until all together keep to ALL_BODIES_MAX_BYTES."""
    sizes = sorted(((one.count_body_bytes(), one) for one in connections), key=lambda pair: pair[0])
    total = sum(size for size, _ in sizes)
    while total > ALL_BODIES_MAX_BYTES and sizes:
        size, connection = sizes.pop()
        if not connection.is_answering():
            connection.drop()
            total -= size


def _order_by_loss(connection: Connection) -> tuple[bool, float]:
    """Order connections by what is lost with them: idle ones and headers before bodies, the oldest first."""
    request = connection.request
    has_body = request is not None and request.headers_finished
    return (has_body, connection.get_waiting_since())
