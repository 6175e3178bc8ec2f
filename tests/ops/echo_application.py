"""A WSGI application that says what it was given, and one of whose paths keeps the interpreter from everything else."""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

HANG_PATH = "/hang"


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with the strings of the environment as JSON."""
    if environ["PATH_INFO"] == HANG_PATH:
        re.match("(a+)+$", "a" * 60 + "b")  # years, in C, without letting another thread run
    strings = {name: value for name, value in environ.items() if isinstance(value, str)}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(strings).encode()]
