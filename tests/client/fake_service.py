"""A service that answers as a script tells it, over real HTTP: the stage for everything that can go wrong."""

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
class Seen:
    """A request as it arrived."""

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
    server: Service

    def do_POST(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def _answer(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append(
            Seen(
                self.command,
                url.path.removeprefix(BASE_PATH),
                parse_qs(url.query),
                {name.lower(): value for name, value in self.headers.items()},
                body,
            )
        )
        self.server.peers.add(self.client_address)
        script = self.server.script
        (script.pop(0) if len(script) > 1 else script[0])(self)

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


Act = Callable[[Handler], None]


class Service(ThreadingHTTPServer):
    """The last act of the script is repeated for ever."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.forget()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}{BASE_PATH}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that break are what the tests are about."""

    def forget(self) -> None:
        self.script: list[Act] = []
        self.seen: list[Seen] = []
        self.peers: set[Any] = set()

    def play(self, *acts: Act) -> None:
        self.script = list(acts)


@contextmanager
def running_service() -> Iterator[Service]:
    service = Service()
    thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.shutdown()
        service.server_close()
        thread.join(5)


def success(data: object, **options: Any) -> Act:
    body = json.dumps({"code": 200, "cscode": 200, "data": data, "ip": "127.0.0.1"}).encode()
    return lambda handler: handler.send(body, **options)


def refusal(code: int, msg: object, **options: Any) -> Act:
    body = json.dumps({"code": code, "msg": msg}).encode()
    return lambda handler: handler.send(body, **options)


def raw(body: bytes, **options: Any) -> Act:
    return lambda handler: handler.send(body, **options)


def html(status: int, **options: Any) -> Act:
    return raw(b"<html><body>Bad gateway</body></html>", status=status, kind="text/html", **options)


def drop(handler: Handler) -> None:
    """Reset the connection after the request was read and before any answer."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def after(seconds: float, act: Act) -> Act:
    def later(handler: Handler) -> None:
        time.sleep(seconds)
        act(handler)

    return later


def dripping(body: bytes, *, kind: str, pause: float) -> Act:
    """A byte at a time, and no length."""

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


def until_closed(body: bytes, *, kind: str) -> Act:
    """A body whose end is the end of the connection."""

    def write(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = True

    return write


def chunked(*pieces: bytes, kind: str, whole: bool = True) -> Act:
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
