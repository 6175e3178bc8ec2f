"""Protection against showing the token in reprs, errors and logs.

`/point` is GET only, so its URL contains the token, and `urllib3` writes URLs to its debug log. The filter in this
module removes the token from those records; errors never quote a URL.
"""

from __future__ import annotations

import logging
import re
from typing import NoReturn

HIDDEN = "[hidden]"
# A shorter token could be part of an ordinary word, and no service issues one.
_SHORTEST_TOKEN = 8
_IN_URL = re.compile(r"(api_token=)[^&\s\"'<>)]*")
_LOGGERS = ("urllib3.connectionpool", "urllib3.util.retry")


class Secret:
    """A string that is hidden in reprs and can't be pickled."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the string itself, for the one place that sends it."""
        return self._value

    def hide_in(self, text: str) -> str:
        """Return `text` without the secret, in case a service echoes it."""
        return text.replace(self._value, HIDDEN) if len(self._value) >= _SHORTEST_TOKEN else text

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret can't be pickled")


class _HideTokens(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if "api_token=" in text:
            record.msg, record.args = _IN_URL.sub(rf"\1{HIDDEN}", text), None
        return True


_FILTER = _HideTokens("hide api tokens")


def hide_tokens_in_logs() -> None:
    """Add the filter to urllib3's loggers that write URLs. Repeated calls have no further effect."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)
