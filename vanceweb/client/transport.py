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

from vanceweb.client.call_limits import CallLimit
from vanceweb.client.errors import InvalidResponse, ServiceUnreachable, VanceError
from vanceweb.client.failed_calls import TOO_MANY_REQUESTS, TRANSIENT_STATUSES, build_non_json_error, build_unreachable
from vanceweb.client.parsing import ResponseData, extract_data, parse_object
from vanceweb.client.redaction import Secret, hide_tokens_in_logs
from vanceweb.client.timeouts import MAX_JSON_BYTES, Retries
from vanceweb.lib.public_addresses import AddressRefused

Result = TypeVar("Result")

_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class FilePart:
    """A file in a multipart body, sent from the beginning."""

    file: BinaryIO
    name: str
    content_type: str


@dataclass(frozen=True)
class APICall:
    """One API call. `repeatable`: it can be sent twice without harm. `read_timeout`: seconds to wait for data, and for
    a JSON response to be complete after that. `transfer_timeout`: seconds for a picture in either direction."""

    method: Literal["GET", "POST"]
    path: str
    read_timeout: float
    repeatable: bool
    transfer_timeout: float = 0.0
    fields: Mapping[str, str] = field(default_factory=dict)
    file_part: FilePart | None = None

    @property
    def label(self) -> str:
        """The call's name in errors."""
        return f"{self.method} {self.path}"

    @property
    def longest(self) -> float:
        """The seconds that the whole call may take after it has connected."""
        return 2 * self.read_timeout + self.transfer_timeout


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
        host = urlsplit(self.base_url).hostname or ""
        failure: VanceError
        limit = CallLimit(self._connect + call.longest)
        try:
            with limit, self._send(call) as response:
                return handle(response)
        except (requests.RequestException, urllib3.exceptions.HTTPError, AddressRefused) as exc:
            failure = build_unreachable(
                exc, base_url=self.base_url, request=call.label, connect=self._connect, read=call.read_timeout
            )
        except ValueError:
            # From the parsers of headers: those of `requests` take their form for granted.
            failure = InvalidResponse("The service's answer was not understood: its headers can't be read.", call.label)
        if limit.is_over:
            failure = ServiceUnreachable(f"{host} did not complete its answer within {limit.seconds:g} s.", call.label)
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
                    f"The service's answer was not understood: it is longer than {MAX_JSON_BYTES // 2**20} MB.",
                    call.label,
                )
        parsed = parse_object(bytes(body))
        status = response.status_code
        if parsed is None or status == TOO_MANY_REQUESTS or (status in TRANSIENT_STATUSES and "code" not in parsed):
            raise self.build_non_json_error(response, call)
        return extract_data(parsed, status, request=call.label, token=self._token)

    def hide_token(self, text: str) -> str:
        """Return `text` without the token."""
        return self._token.hide_in(text)

    def build_non_json_error(self, response: requests.Response, call: APICall) -> ServiceUnreachable | InvalidResponse:
        """Return the error for neither JSON nor an image: a proxy's page, a redirect or another site."""
        return build_non_json_error(response, request=call.label, hide=self.hide_token)


def read_chunks(response: requests.Response, call: APICall, *, seconds: float) -> Iterator[bytes]:
    """Yield the body as it arrives, in chunks of up to 64 KiB. Raises `ServiceUnreachable` after `seconds` in all."""
    until = time.monotonic() + seconds
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
        yield chunk
        if time.monotonic() > until:
            raise ServiceUnreachable(
                f"The service's answer was not complete after {seconds:g} s. It is overloaded or hangs.",
                call.label,
            )


def _validate_base_url(base_url: str) -> str:
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("a base URL consists of http:// or https://, a host and a path only")
    return base_url.rstrip("/")
