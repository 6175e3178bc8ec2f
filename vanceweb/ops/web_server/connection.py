"""A client's connection: its requests one after the other, its deadlines, and its end."""

import html
import json
import logging
import socket
import time
from contextlib import suppress
from typing import Any

from waitress.channel import HTTPChannel
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import BadRequest, Error

from vanceweb.lib.api_paths import is_api_path
from vanceweb.ops.web_server.limits import (
    BODY_GRACE_SECONDS,
    BODY_MIN_BYTES_PER_SECOND,
    BODY_PAUSE_SECONDS,
    HEADER_SECONDS,
    KEEP_ALIVE_SECONDS,
    LINGER_SECONDS,
    SEND_PAUSE_SECONDS,
)
from vanceweb.ops.web_server.request_reader import RequestReader

# The API's codes of an illegal parameter and of a limit, by HTTP status; of everything else, that of an internal error.
API_CODES = {400: 10001, 413: 10012, 431: 10012}
API_FAULT = 10010
NO_ROOM = "The server's disk is full or can't be written to. Nothing was stored and nothing was charged."

logger = logging.getLogger(__name__)


class RequestTimeout(BadRequest):  # type: ignore[misc]
    """The answer to a request that takes too long to arrive."""

    code = 408
    reason = "Request Timeout"


class NoRoom(BadRequest):  # type: ignore[misc]
    """The answer to a request whose body finds no room on the disk."""

    code = 507
    reason = "Insufficient Storage"


class Answering(WSGITask):  # type: ignore[misc]
    """The answer of the application to one request."""

    def build_response_header(self) -> bytes:
        """Return the headers of the answer; while the server stops, with the end of the connection."""
        if self.channel.server.is_stopping:
            self.set_close_on_finish()
        header: bytes = super().build_response_header()
        return header

    def finish(self) -> None:
        """Send what is still to be sent: nothing after the headers that answer HEAD, not even an end of chunks."""
        if self.request.command == "HEAD":
            self.chunked_response = False
        super().finish()


class Refusing(ErrorTask):  # type: ignore[misc]
    """The answer to a request that doesn't reach the application: to programs in the API's envelope."""

    def execute(self) -> None:
        """Send the answer and close the connection."""
        error = self.request.error
        if is_api_path(getattr(self.request, "path", "")):
            self.request.error = ApiError(error)
        elif isinstance(error, NoRoom):
            self.request.error = PageError(error)
        super().execute()


class ApiError:
    """An error of waitress's with a body that clients of the API can read."""

    def __init__(self, error: Error) -> None:
        self.error = error

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        """Return the status, the headers and the body."""
        # The API's errors have the status 200, unless the request itself is broken: other programs on its way see that.
        is_whole = self.error.code in (413, NoRoom.code)
        status = "200 OK" if is_whole else f"{self.error.code} {self.error.reason}"
        envelope = {"code": API_CODES.get(self.error.code, API_FAULT), "msg": f"{self.error.reason}. {self.error.body}"}
        return status, [("Content-Type", "application/json")], json.dumps(envelope).encode()


class PageError(ApiError):
    """An error of a request that people send, with a body that browsers show."""

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        """Return the status, the headers and the body."""
        title, text = html.escape(self.error.reason), html.escape(self.error.body)
        page = f'<!DOCTYPE html><html lang="en"><title>{title}</title><h1>{title}</h1><p>{text}</p></html>'
        headers = [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")]
        return f"{self.error.code} {self.error.reason}", headers, page.encode()


class Connection(HTTPChannel):  # type: ignore[misc]
    """A connection whose methods belong to the server's main thread, except `service` and `write_soon`."""

    task_class = Answering
    error_task_class = Refusing
    parser_class = RequestReader
    # waitress's: the request that is arriving, if any, and whether the connection is closed in the next round.
    request: RequestReader | None
    will_close: bool

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # The clock of deadlines, which no correction of the time of day moves.
        self.opened_at = self.received_at = self.sent_at = time.monotonic()
        self.linger_until = 0.0
        self.refused = False

    # What arrives

    def readable(self) -> bool:
        """Return whether bytes are to be read, also those that are thrown away after a refusal."""
        return bool(self.linger_until or super().readable())

    def handle_read(self) -> None:
        """Read what has arrived."""
        if self.linger_until:
            with suppress(OSError):
                self.recv(self.adj.recv_bytes)  # closes at the end
            return
        self.received_at = time.monotonic()
        super().handle_read()

    def received(self, data: bytes) -> bool:
        """Give the bytes to the request they belong to, and note when it began."""
        try:
            result = bool(super().received(data))
        except OSError as error:
            # A large body waits in a temporary file.
            logger.warning("A request's body can't be stored: %s", error)
            if self.request is None:
                raise
            self._refuse(self.request, NoRoom(NO_ROOM))
            return False
        request, now = self.request, self.received_at
        if request is not None:
            request.headers_since = request.headers_since or now
            if request.headers_finished:
                request.body_since = request.body_since or now
        return result

    def is_answering(self) -> bool:
        """Return whether a complete request waits for its answer, is being answered, or its answer is being sent."""
        return bool(self.requests or self.total_outbufs_len)

    def count_body_bytes(self) -> int:
        """Return the size of the bodies that are kept for this connection."""
        requests = [*self.requests, *([self.request] if self.request is not None else [])]
        return sum(request.body_bytes_received for request in requests)

    # What is sent

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send what the client takes of `data`, return its size, and note the time."""
        count: int = super().send(data, do_close=do_close)
        if count:
            self.sent_at = time.monotonic()
        return count

    def service(self) -> None:
        """Answer the first complete request, in a thread of the server's."""
        if self.requests[0].error:
            self.refused = True
        self.sent_at = time.monotonic()
        super().service()

    def handle_write(self) -> None:
        """Send what waits to be sent; after a refusal, read on for a while before closing."""
        if not (self.refused and self.close_when_flushed) or self.will_close:
            super().handle_write()
            return
        if self.linger_until:
            return
        self._flush_exception(self._flush_some)
        if not self.total_outbufs_len and self.connected:
            self._start_lingering()

    def writable(self) -> bool:
        """Return whether something waits to be sent, or the connection to be closed."""
        return bool(self.will_close if self.linger_until else super().writable())

    def _start_lingering(self) -> None:
        self.linger_until = time.monotonic() + LINGER_SECONDS
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    # Deadlines

    def check_deadlines(self, now: float) -> None:
        """Close the connection, or refuse its request, when the client has taken too long."""
        if self.linger_until:
            self.will_close = self.will_close or now > self.linger_until
        elif self.total_outbufs_len:
            if now - self.sent_at > SEND_PAUSE_SECONDS:
                self.drop()
        elif not self.requests and not self.close_when_flushed:
            self._check_waiting(now)

    def _check_waiting(self, now: float) -> None:
        """Check the deadline of a connection that owes us bytes."""
        request = self.request
        # What arrives during an answer isn't read, so the time of the answer doesn't count.
        if request is None or not request.headers_since:
            # A new connection owes its first request sooner than a proven one its next.
            limit = HEADER_SECONDS if self.sent_at == self.opened_at else KEEP_ALIVE_SECONDS
            self.will_close = now - self.sent_at > limit
        elif not request.headers_finished:
            if now - max(request.headers_since, self.sent_at) > HEADER_SECONDS:
                self._refuse(request, RequestTimeout("The headers took too long"))
        else:
            allowed = BODY_GRACE_SECONDS + request.body_bytes_received / BODY_MIN_BYTES_PER_SECOND
            pause = now - max(self.received_at, self.sent_at)
            if now - max(request.body_since, self.sent_at) > allowed or pause > BODY_PAUSE_SECONDS:
                self._refuse(request, RequestTimeout("The body took too long"))

    def _refuse(self, request: RequestReader, error: BadRequest) -> None:
        """Answer the request that is arriving with an error, and close."""
        with self.requests_lock:
            request.refuse(error)
            self.request = None
            self.requests.append(request)
            self.server.add_task(self)

    def drop(self) -> None:
        """Close the connection at once, whatever it is doing; a thread that writes to it is told so."""
        self.handle_close()

    def get_waiting_since(self) -> float:
        """Return the time since which the client owes us bytes."""
        request = self.request
        return max(self.sent_at, request.headers_since if request is not None else 0.0)
