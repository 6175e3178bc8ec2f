"""The site with three paths more, which show what a web server makes of bodies and of a stop."""

import time
from collections.abc import Callable, Iterable
from typing import Any

from django.core.handlers.wsgi import WSGIRequest

from bench.probe_paths import BODY_PATH, SLOW_PATH, SLOW_SECONDS, UNREAD_PATH
from vanceweb.wsgi import application as site


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer a probe, or leave the request to the site."""
    probe = PROBES.get(environ["PATH_INFO"])
    if probe is None:
        return site(environ, start_response)
    answer = probe(environ)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
    return [answer]


def count_body(environ: dict[str, Any]) -> bytes:
    """Return the size of the body as Django reads it."""
    return str(len(WSGIRequest(environ).body)).encode()


def ignore_body(environ: dict[str, Any]) -> bytes:
    """Return a word without reading the body."""
    return b"unread"


def answer_slowly(environ: dict[str, Any]) -> bytes:
    """Return a word after SLOW_SECONDS."""
    time.sleep(SLOW_SECONDS)
    return b"slow"


PROBES = {BODY_PATH: count_body, UNREAD_PATH: ignore_body, SLOW_PATH: answer_slowly}
