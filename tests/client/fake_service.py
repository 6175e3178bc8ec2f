"""A fake service that sends scripted replies over real HTTP, including every kind of failure."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

BASE_PATH = "/web_api/v1"


@dataclass(frozen=True)
class ReceivedRequest:
    """A request as the service received it."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return {key: values[0] for key, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeService

    def do_POST(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def _answer(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.requests.append(
            ReceivedRequest(
                self.command,
                url.path.removeprefix(BASE_PATH),
                parse_qs(url.query),
                {name.lower(): value for name, value in self.headers.items()},
                body,
            )
        )
        self.server.peers.add(self.client_address)
        replies = self.server.replies
        (replies.pop(0) if len(replies) > 1 else replies[0])(self)

    def send(
        self,
        body: bytes,
        *,
        status: int = 200,
        kind: str = "application/json",
        length: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        if length is not None and length > len(body):
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        pass


Reply = Callable[[Handler], None]


class FakeService(ThreadingHTTPServer):
    """A server that sends its replies in order and repeats the last one."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.reset()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}{BASE_PATH}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore broken connections: the tests cause them on purpose."""

    def reset(self) -> None:
        self.replies: list[Reply] = []
        self.requests: list[ReceivedRequest] = []
        self.peers: set[Any] = set()

    def set_replies(self, *replies: Reply) -> None:
        self.replies = list(replies)


@contextmanager
def run_fake_service() -> Iterator[FakeService]:
    service = FakeService()
    thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.shutdown()
        service.server_close()
        thread.join(5)


def reply_success(data: object, **options: Any) -> Reply:
    body = json.dumps({"code": 200, "cscode": 200, "data": data, "ip": "127.0.0.1"}).encode()
    return lambda handler: handler.send(body, **options)


def reply_error(code: int, msg: object, **options: Any) -> Reply:
    body = json.dumps({"code": code, "msg": msg}).encode()
    return lambda handler: handler.send(body, **options)


def reply_bytes(body: bytes, **options: Any) -> Reply:
    return lambda handler: handler.send(body, **options)


def reply_html(status: int, **options: Any) -> Reply:
    return reply_bytes(b"<html><body>Bad gateway</body></html>", status=status, kind="text/html", **options)


def drop_connection(handler: Handler) -> None:
    """Reset the connection after reading the request and before any response."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def delay(seconds: float, reply: Reply) -> Reply:
    def later(handler: Handler) -> None:
        time.sleep(seconds)
        reply(handler)

    return later


def trickle(body: bytes, *, kind: str, pause: float) -> Reply:
    """Return a reply of single bytes with pauses, without a length."""

    def drip(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.close_connection = True
        try:
            for byte in body:
                handler.wfile.write(bytes([byte]))
                time.sleep(pause)
        except OSError:
            pass

    return drip


def reply_until_closed(body: bytes, *, kind: str) -> Reply:
    """Return a reply whose body ends with the connection."""

    def write(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = True

    return write


def reply_chunked(*pieces: bytes, kind: str, whole: bool = True) -> Reply:
    def write(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for piece in pieces:
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        if whole:
            handler.wfile.write(b"0\r\n\r\n")
        else:
            handler.close_connection = True

    return write
