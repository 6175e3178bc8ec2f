"""The transport of all API calls: time limits, retries, and translation of failures into the client's errors."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Literal, TypeVar
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from requests_toolbelt import MultipartEncoder

from vanceweb.client.errors import InvalidResponse, ServiceUnreachable, VanceError
from vanceweb.client.parsing import ResponseData, extract_data, parse_object
from vanceweb.client.redaction import Secret, hide_tokens_in_logs
from vanceweb.client.timeouts import MAX_JSON_BYTES, Retries

Result = TypeVar("Result")

_CHUNK_BYTES = 64 * 1024
# Temporary errors that servers and proxies report in the service's place.
_TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})


@dataclass(frozen=True)
class FilePart:
    """A file in a multipart body, sent from the beginning."""

    file: BinaryIO
    name: str
    content_type: str


@dataclass(frozen=True)
class APICall:
    """One API call. `repeatable`: it can be sent twice without harm. `read_timeout`: seconds to wait for data."""

    method: Literal["GET", "POST"]
    path: str
    read_timeout: float
    repeatable: bool
    fields: Mapping[str, str] = field(default_factory=dict)
    file_part: FilePart | None = None

    @property
    def label(self) -> str:
        """The call's name in errors."""
        return f"{self.method} {self.path}"


class Transport:
    """A sender of calls to one service with one token."""

    def __init__(
        self, token: Secret, *, base_url: str, session: requests.Session, connect: float, retries: Retries
    ) -> None:
        self._token = token
        self.base_url = _validate_base_url(base_url)
        self._session = session
        self._connect = connect
        self._retries = retries
        self._aborted = threading.Event()
        hide_tokens_in_logs()

    def abort(self) -> None:
        """End retries, and refuse later calls. The calls themselves end with their session."""
        self._aborted.set()

    def request_json(self, call: APICall, parse: Callable[[ResponseData], Result]) -> Result:
        """Send `call` and return the result of `parse` for the `data` of its JSON response."""
        return self.request(call, lambda response: parse(self.read_json(response, call)))

    def request(self, call: APICall, handle: Callable[[requests.Response], Result]) -> Result:
        """Send `call` and return the result of `handle`, which must read the response's body.

        After a `ServiceUnreachable`, raised here or by `handle`, the call is retried where that is safe. Errors leave
        without the frames below this one: they hold the request and the response, which may echo the token, and
        debug pages and error trackers show the variables of every frame.
        """
        failures = 0
        while True:
            if self._aborted.is_set():
                raise ServiceUnreachable("The call was broken off.", call.label, may_have_arrived=failures > 0)
            try:
                return self._attempt(call, handle)
            except ServiceUnreachable as exc:
                failures += 1
                is_last = failures >= self._retries.attempts or self._aborted.is_set()
                if is_last or (exc.may_have_arrived and not call.repeatable):
                    raise exc.with_traceback(None) from None
                pause = self._retries.compute_pause(failures, exc.retry_after)
            except VanceError as exc:
                raise exc.with_traceback(None) from None
            self._aborted.wait(pause)

    def _attempt(self, call: APICall, handle: Callable[[requests.Response], Result]) -> Result:
        try:
            with self._send(call) as response:
                return handle(response)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as exc:
            failure = _translate_failure(exc, call, urlsplit(self.base_url).hostname or "")
        # Raised outside the handler, so that the original, whose message contains the URL, isn't attached.
        raise failure

    def _send(self, call: APICall) -> requests.Response:
        fields = {"api_token": self._token.reveal(), **call.fields}
        headers = {"Accept-Encoding": "identity"}
        body: object = None if call.method == "GET" else fields
        if (part := call.file_part) is not None:
            part.file.seek(0)
            encoder = MultipartEncoder({**fields, "file": (part.name, part.file, part.content_type)})
            headers["Content-Type"] = encoder.content_type
            body = encoder
        return self._session.request(
            call.method,
            self.base_url + call.path,
            params=fields if call.method == "GET" else None,
            data=body,  # type: ignore[arg-type]  # the encoder is a readable, which requests streams
            headers=headers,
            timeout=(self._connect, call.read_timeout),
            allow_redirects=False,
            stream=True,
        )

    def read_json(self, response: requests.Response, call: APICall, start: bytes = b"") -> ResponseData:
        """Return the `data` of a JSON response, or raise its error. `start` holds bytes that have been read already."""
        body = bytearray(start)
        for chunk in read_chunks(response, call, seconds=call.read_timeout):
            body += chunk
            if len(body) > MAX_JSON_BYTES:
                raise InvalidResponse(
                    f"The service's answer was not understood: it is longer than {MAX_JSON_BYTES} bytes.",
                    call.label,
                )
        parsed = parse_object(bytes(body))
        if parsed is None or (response.status_code in _TRANSIENT_STATUSES and "code" not in parsed):
            raise build_non_json_error(response, call)
        return extract_data(parsed, response.status_code, request=call.label, hide=self._token.hide_in)


def read_chunks(response: requests.Response, call: APICall, *, seconds: float) -> Iterator[bytes]:
    """Yield the body as it arrives, in chunks of up to 64 KiB. Raises `ServiceUnreachable` after `seconds` in all."""
    until = time.monotonic() + seconds
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
        yield chunk
        if time.monotonic() > until:
            raise ServiceUnreachable(f"The service's answer was not complete after {seconds:g} s.", call.label)


def build_non_json_error(response: requests.Response, call: APICall) -> ServiceUnreachable | InvalidResponse:
    """Return the error for a response that is neither JSON nor an image: a proxy's page, a redirect or another site."""
    status = response.status_code
    if status in _TRANSIENT_STATUSES:
        return ServiceUnreachable(
            f"The service is not available at the moment (HTTP status {status}).",
            call.label,
            retry_after=_parse_retry_after(response.headers.get("Retry-After")),
        )
    if 300 <= status < 400:
        target = urlsplit(response.headers.get("Location", "")).hostname
        reason = f"it redirects{f' to {target}' if target else ''}; the base URL may be wrong"
    else:
        is_page = "html" in response.headers.get("Content-Type", "").lower()
        reason = f"HTTP status {status} with {'a web page' if is_page else 'other content'} instead of JSON"
    return InvalidResponse(f"The service's answer was not understood: {reason}.", call.label)


def _translate_failure(exc: Exception, call: APICall, host: str) -> ServiceUnreachable:
    """Return the client's error for a failure of `requests` or `urllib3`. `may_have_arrived` is False only if the
    failure certainly happened before a body was sent."""
    causes = list(_iterate_causes(exc))
    kinds = tuple(type(cause) for cause in causes)

    def is_caused_by(*wanted: type[Exception]) -> bool:
        return any(issubclass(kind, wanted) for kind in kinds)

    if is_caused_by(requests.exceptions.ProxyError):
        return ServiceUnreachable(f"The proxy on the way to {host} did not forward the request.", call.label)
    if is_caused_by(urllib3.exceptions.NameResolutionError):
        return ServiceUnreachable(f"The name {host} is not known.", call.label, may_have_arrived=False)
    if is_caused_by(urllib3.exceptions.NewConnectionError):
        return ServiceUnreachable(f"{host} does not accept connections.", call.label, may_have_arrived=False)
    if is_caused_by(requests.ConnectTimeout):
        return ServiceUnreachable(f"{host} did not accept the connection in time.", call.label, may_have_arrived=False)
    if is_caused_by(requests.exceptions.SSLError, urllib3.exceptions.SSLError):
        return ServiceUnreachable(f"No secure connection to {host} could be made.", call.label)
    if is_caused_by(requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError):
        return ServiceUnreachable(f"{host} did not answer within {call.read_timeout:g} s.", call.label)
    return ServiceUnreachable(f"The connection to {host} broke off.", call.label)


def _iterate_causes(exc: object) -> Iterator[BaseException]:
    """Yield an exception and those it wraps, as its argument or as urllib3's `reason`."""
    for _ in range(5):
        if not isinstance(exc, BaseException):
            return
        yield exc
        exc = getattr(exc, "reason", None) or (exc.args[0] if exc.args else None)


def _parse_retry_after(retry_after: str | None) -> float | None:
    """Return the header's seconds, or None for its other form, a date: the retries' own pauses apply then."""
    return float(retry_after) if retry_after is not None and retry_after.strip().isdecimal() else None


def _validate_base_url(base_url: str) -> str:
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("a base URL consists of http:// or https://, a host and a path only")
    return base_url.rstrip("/")
