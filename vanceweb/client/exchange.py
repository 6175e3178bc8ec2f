"""The one way in which requests are sent: time limits, repeats, and failures of the transport turned into ours."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Literal, TypeVar
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from requests_toolbelt import MultipartEncoder

from vanceweb.client.errors import AnswerNotUnderstood, NotReachable, VanceError
from vanceweb.client.patience import LARGEST_JSON, Retries
from vanceweb.client.reading import Fields, data_of, parse_object
from vanceweb.client.redaction import Secret, hide_tokens_in_logs

Taken = TypeVar("Taken")

_CHUNK = 64 * 1024
# Answers that servers and proxies give in the service's place, and that may be another one a moment later.
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})


@dataclass(frozen=True)
class FilePart:
    """A file in a multipart body, sent from its start."""

    file: BinaryIO
    name: str
    content_type: str


@dataclass(frozen=True)
class Call:
    """One call of the API. `repeatable`: a second one does no harm. `silence`: seconds to wait for an answer."""

    method: Literal["GET", "POST"]
    path: str
    silence: float
    repeatable: bool
    fields: Mapping[str, str] = field(default_factory=dict)
    part: FilePart | None = None

    @property
    def label(self) -> str:
        """Names the call in errors."""
        return f"{self.method} {self.path}"


class Exchange:
    """Sends calls to one service with one token."""

    def __init__(
        self, token: Secret, *, base_url: str, session: requests.Session, connect: float, retries: Retries
    ) -> None:
        self._token = token
        self.base_url = _checked(base_url)
        self._session = session
        self._connect = connect
        self._retries = retries
        hide_tokens_in_logs()

    def ask(self, call: Call, read: Callable[[Fields], Taken]) -> Taken:
        """What `read` makes of the `data` of a call that answers JSON."""
        return self.perform(call, lambda response: read(self.read_json(response, call)))

    def perform(self, call: Call, take: Callable[[requests.Response], Taken]) -> Taken:
        """Send `call` and give what `take` makes of the answer, whose body it has to read.

        A `NotReachable`, of ours or of `take`, is followed by another try where that is safe. Errors leave without
        the frames below this one: those hold the request and the answer, which may echo the token, and debug
        pages and error trackers show the variables of every frame.
        """
        failures = 0
        while True:
            try:
                return self._attempt(call, take)
            except NotReachable as exc:
                failures += 1
                if failures >= self._retries.attempts or (exc.may_have_arrived and not call.repeatable):
                    raise exc.with_traceback(None) from None
                pause = self._retries.pause(failures, exc.retry_after)
            except VanceError as exc:
                raise exc.with_traceback(None) from None
            time.sleep(pause)

    def _attempt(self, call: Call, take: Callable[[requests.Response], Taken]) -> Taken:
        try:
            with self._send(call) as response:
                return take(response)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as exc:
            failure = _failure(exc, call, urlsplit(self.base_url).hostname or "")
        # Outside of the handler, so that the original and the URL in its text are not attached to ours.
        raise failure

    def _send(self, call: Call) -> requests.Response:
        fields = {"api_token": self._token.reveal(), **call.fields}
        headers = {"Accept-Encoding": "identity"}
        body: object = None if call.method == "GET" else fields
        if call.part is not None:
            call.part.file.seek(0)
            encoder = MultipartEncoder({**fields, "file": (call.part.name, call.part.file, call.part.content_type)})
            headers["Content-Type"] = encoder.content_type
            body = encoder
        return self._session.request(
            call.method,
            self.base_url + call.path,
            params=fields if call.method == "GET" else None,
            data=body,  # type: ignore[arg-type]  # the encoder is a readable, which requests streams
            headers=headers,
            timeout=(self._connect, call.silence),
            allow_redirects=False,
            stream=True,
        )

    def read_json(self, response: requests.Response, call: Call, start: bytes = b"") -> Fields:
        """The `data` in a JSON answer whose first bytes may have been read already. Raises what it says else."""
        body = bytearray(start)
        for chunk in chunks(response, call, seconds=call.silence):
            body += chunk
            if len(body) > LARGEST_JSON:
                raise AnswerNotUnderstood(
                    f"The service's answer was not understood: it is longer than {LARGEST_JSON} bytes.",
                    call.label,
                )
        answer = parse_object(bytes(body))
        if answer is None or (response.status_code in _PASSING and "code" not in answer):
            raise not_from_the_service(response, call)
        return data_of(answer, response.status_code, request=call.label, hide=self._token.hide_in)


def chunks(response: requests.Response, call: Call, *, seconds: float) -> Iterator[bytes]:
    """The body as it arrives, in pieces of up to 64 KiB. Raises `NotReachable` after so many seconds in all."""
    until = time.monotonic() + seconds
    while chunk := response.raw.read1(_CHUNK, decode_content=True):
        yield chunk
        if time.monotonic() > until:
            raise NotReachable(f"The service's answer was not complete after {seconds:g} s.", call.label)


def not_from_the_service(response: requests.Response, call: Call) -> NotReachable | AnswerNotUnderstood:
    """The error for an answer that isn't JSON (and no picture): a proxy's page, a redirect, another web site."""
    status = response.status_code
    if status in _PASSING:
        return NotReachable(
            f"The service is not available at the moment (HTTP status {status}).",
            call.label,
            retry_after=_seconds(response.headers.get("Retry-After")),
        )
    if 300 <= status < 400:
        target = urlsplit(response.headers.get("Location", "")).hostname
        reason = f"it redirects{f' to {target}' if target else ''}; the base URL may be wrong"
    else:
        is_page = "html" in response.headers.get("Content-Type", "").lower()
        reason = f"HTTP status {status} with {'a web page' if is_page else 'something else'} where JSON was due"
    return AnswerNotUnderstood(f"The service's answer was not understood: {reason}.", call.label)


def _failure(exc: Exception, call: Call, host: str) -> NotReachable:
    """Ours for a failure of the transport. Only what surely happened before a body was sent says so."""
    causes = list(_causes(exc))
    kinds = tuple(type(cause) for cause in causes)

    def was(*wanted: type[Exception]) -> bool:
        return any(issubclass(kind, wanted) for kind in kinds)

    if was(requests.exceptions.ProxyError):
        return NotReachable(f"The proxy on the way to {host} did not pass the request on.", call.label)
    if was(urllib3.exceptions.NameResolutionError):
        return NotReachable(f"The name {host} is not known.", call.label, may_have_arrived=False)
    if was(urllib3.exceptions.NewConnectionError):
        return NotReachable(f"{host} does not accept connections.", call.label, may_have_arrived=False)
    if was(requests.ConnectTimeout):
        return NotReachable(f"{host} did not accept the connection in time.", call.label, may_have_arrived=False)
    if was(requests.exceptions.SSLError, urllib3.exceptions.SSLError):
        return NotReachable(f"No safe connection to {host} could be made.", call.label)
    if was(requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError):
        return NotReachable(f"{host} did not answer within {call.silence:g} s.", call.label)
    return NotReachable(f"The connection to {host} broke off.", call.label)


def _causes(exc: object) -> Iterator[BaseException]:
    """An exception of requests and those it wraps as its argument or as urllib3's `reason`."""
    for _ in range(5):
        if not isinstance(exc, BaseException):
            return
        yield exc
        exc = getattr(exc, "reason", None) or (exc.args[0] if exc.args else None)


def _seconds(retry_after: str | None) -> float | None:
    """The header's number of seconds; its other form, a date, is left to our own pauses."""
    return float(retry_after) if retry_after is not None and retry_after.strip().isdecimal() else None


def _checked(base_url: str) -> str:
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("a base URL is http:// or https://, a host and a path, and nothing more")
    return base_url.rstrip("/")
