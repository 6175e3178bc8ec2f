"""A transport to a WSGI application in the same process, which `requests` uses like a service on the network.

It needs neither socket nor port. Bodies stream in both directions, and a failure of the application looks like a failed
connection. Each call runs in a copy of the caller's `contextvars` context, so that changes made there end with the
response (Django keeps its language, time zone and script prefix there, through asgiref's `Local`).

Calls run in the caller's thread: time limits have no effect, and a Django application shares the caller's database
connection. At the end of every request, Django closes a connection with an open transaction, so never call from within
one.
"""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from contextvars import Context, copy_context
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from vanceweb.client.http import ServiceSession
from vanceweb.lib.api_paths import IN_PROCESS_CALL

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import WSGIApplication

IN_PROCESS_BASE_URL = "http://engine.invalid/web_api/v1"
_CLIENT_ADDRESS = "127.0.0.1"
_log = logging.getLogger(__name__)


class WSGIAdapter(HTTPAdapter):
    """A `requests` transport adapter for a WSGI application."""

    def __init__(self, app: WSGIApplication) -> None:
        super().__init__()
        self._app = app

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """Return the application's response. Raises `requests.ConnectionError` if the application fails before its
        response begins; a later failure breaks the body (`ChunkedEncodingError` from `iter_content`)."""
        call = _WSGICall(self._app, _build_environ(request))
        try:
            call.begin()
        except Exception as exc:
            call.close()
            _log.exception("The application failed before its response began")
            raise requests.ConnectionError("the application failed", request=request) from exc
        if request.method == "HEAD":
            call.close()
        raw = HTTPResponse(
            body=_ResponseBody(call),
            headers=call.headers,
            status=call.status,
            reason=call.reason,
            preload_content=False,
            decode_content=False,
            request_method=request.method,
        )
        return self.build_response(request, raw)


def build_in_process_session(app: WSGIApplication) -> requests.Session:
    """Return a session that sends every URL to `app` and can't reach the network."""
    session = ServiceSession()
    session.trust_env = False
    session.headers["User-Agent"] = "vanceweb"
    session.adapters.clear()
    adapter = WSGIAdapter(app)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


class _WSGICall:
    """One run of the application (PEP 3333), from its environ to the last chunk of its body."""

    def __init__(self, app: WSGIApplication, environ: dict[str, Any]) -> None:
        self._app = app
        self._environ = environ
        self._context: Context = copy_context()
        self._result: Iterable[bytes] | None = None
        self._chunks: Iterator[bytes] = iter(())
        self._written: list[bytes] = []
        self._started = False
        self._sent = False
        self.status = 0
        self.reason = ""
        self.headers = HTTPHeaderDict()

    def begin(self) -> None:
        """Run the application until its status and headers are final."""
        self._result = self._context.run(self._app, self._environ, self._start_response)
        self._chunks = self._context.run(iter, self._result)
        while not (self._started and self._written):
            chunk = self._read_next()
            if chunk is None:
                break
            if chunk:
                self._written.append(chunk)
        if not self._started:
            raise RuntimeError("the application returned a body without calling start_response")
        self._sent = True

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None, /
    ) -> Callable[[bytes], object]:
        if exc_info is not None and self._sent and exc_info[1] is not None:
            raise exc_info[1].with_traceback(exc_info[2])
        if exc_info is None and self._started:
            raise AssertionError("start_response was called twice")
        number, _, self.reason = status.partition(" ")
        self.status = int(number)
        self.headers = HTTPHeaderDict()
        for name, value in headers:
            self.headers.add(name, value)
        self._started = True
        return self._written.append

    def _read_next(self) -> bytes | None:
        return self._context.run(next, self._chunks, None)

    def read_chunk(self) -> bytes:
        """Return the next chunk that isn't empty, or empty bytes at the end."""
        if self._written:
            return self._written.pop(0)
        while (chunk := self._read_next()) is not None:
            if chunk:
                return chunk
        return b""

    def close(self) -> None:
        """Close the application's iterable, once."""
        result, self._result, self._chunks = self._result, None, iter(())
        self._written.clear()
        close = getattr(result, "close", None)
        if close is not None:
            self._context.run(close)


class _ResponseBody(io.RawIOBase):
    """The chunks of a response body as a raw stream for urllib3."""

    def __init__(self, call: _WSGICall) -> None:
        super().__init__()
        self._call = call
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            self._left = memoryview(self._read_chunk())
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size

    def read1(self, size: int = -1) -> bytes:
        """Return up to `size` of the available bytes."""
        return self.read(size if size is not None and size >= 0 else io.DEFAULT_BUFFER_SIZE) or b""

    def _read_chunk(self) -> bytes:
        try:
            return self._call.read_chunk()
        except Exception as exc:
            _log.exception("The application failed in the middle of its response")
            # urllib3 translates this exception into that of a broken connection.
            raise HTTPException("the application failed in its body") from exc

    def close(self) -> None:
        if not self.closed:
            try:
                self._call.close()
            finally:
                super().close()


class _RequestBody(io.RawIOBase):
    """A request's body, read on the application's demand."""

    def __init__(self, body: Any) -> None:
        super().__init__()
        self._read = body.read if hasattr(body, "read") else None
        self._chunks = iter(()) if self._read else iter(body)
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._read is not None:
            data = self._read(len(buffer))
        else:
            while not self._left and (chunk := next(self._chunks, None)) is not None:
                self._left = chunk
            data, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


def _build_environ(request: requests.PreparedRequest) -> dict[str, Any]:
    """Return the environ of PEP 3333 for a prepared request."""
    parts = urlsplit(request.url or "")
    body: Any = request.body
    if isinstance(body, str):
        body = body.encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method or "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(parts.path or "/").decode("latin-1"),
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname or "",
        "SERVER_PORT": str(parts.port or (443 if parts.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": _CLIENT_ADDRESS,
        IN_PROCESS_CALL: True,
        "HTTP_HOST": parts.netloc.rpartition("@")[2],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BytesIO(body or b"")
        if body is None or isinstance(body, bytes)
        else io.BufferedReader(_RequestBody(body)),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    headers: dict[str, Any] = dict(request.headers)
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = text
    return environ
