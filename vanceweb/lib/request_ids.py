"""An id for each request: in its answer's headers, in the log, on the page of an error and among the errors kept.

Work in the background has one, too: `job-…` with the id in the address of the job's page, `transform-…` with the
engine's, or `task-…` with that of a message.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import uuid4

from django.http import HttpRequest, HttpResponse

from vanceweb.lib.client_address import is_from_trusted_proxy

HEADER = "X-Request-ID"
# What proxies send: a UUID, or their own letters and digits. Anything else could forge a line of the log.
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}")
_current: ContextVar[str] = ContextVar("request_id", default="")

GetResponse = Callable[[HttpRequest], HttpResponse]


def request_id_middleware(get_response: GetResponse) -> GetResponse:
    """Give each request an id, or keep the one that a trusted proxy gave it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.request_id = _choose_id(request)  # type: ignore[attr-defined]
        token = _current.set(get_request_id(request))
        try:
            response = get_response(request)
            response.headers.setdefault(HEADER, get_request_id(request))
            return response
        finally:
            _current.reset(token)

    return middleware


@contextmanager
def use_work_id(kind: str, key: object) -> Iterator[None]:
    """Give what this thread does inside an id: its lines of the log and its errors are those of this work."""
    token = _current.set(f"{kind}-{key}")
    try:
        yield
    finally:
        _current.reset(token)


def get_request_id(request: object = None) -> str:
    """Return the id of the request, or of the request or work that this thread is at; "" outside of any."""
    return str(getattr(request, "request_id", "")) or _current.get()


def _choose_id(request: HttpRequest) -> str:
    given = request.headers.get(HEADER, "")
    if _ACCEPTED.fullmatch(given) and is_from_trusted_proxy(request):
        return given
    return uuid4().hex
