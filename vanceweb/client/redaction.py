"""Keeping the token out of every text: reprs, errors and logs.

`/point` is GET only, so there the token stands in the URL, and `urllib3` writes URLs into its debug log. The
filter here takes it out of those records; errors never quote a URL at all.
"""

from __future__ import annotations

import logging
import re
from typing import NoReturn

HIDDEN = "[hidden]"
# Below this a token could be a part of ordinary words, and no service issues such.
_SHORTEST_TOKEN = 8
_IN_URL = re.compile(r"(api_token=)[^&\s\"'<>)]*")
_LOGGERS = ("urllib3.connectionpool", "urllib3.util.retry")


class Secret:
    """A text that shows itself only when asked to, and can't be pickled by accident."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself, for the one place that sends it."""
        return self._value

    def hide_in(self, text: str) -> str:
        """`text` without the secret, for what a service echoes."""
        return text.replace(self._value, HIDDEN) if len(self._value) >= _SHORTEST_TOKEN else text

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written to a pickle")


class _HideTokens(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if "api_token=" in text:
            record.msg, record.args = _IN_URL.sub(rf"\1{HIDDEN}", text), None
        return True


_FILTER = _HideTokens("hide api tokens")


def hide_tokens_in_logs() -> None:
    """Put the filter onto urllib3's loggers that write URLs. May be called any number of times."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)
