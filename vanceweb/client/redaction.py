"""Protection against showing the token in reprs, errors and logs.

`/point` is GET only, so its URL contains the token, and `urllib3` writes URLs to its debug log. The filter in this
module removes the token from those records; errors never quote a URL.
"""

from __future__ import annotations

import logging
import re
from base64 import b64encode
from html import escape
from typing import NoReturn
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"
# A shorter token could be part of an ordinary word, and no service issues one.
_SHORTEST_TOKEN = 8
_IN_URL = re.compile(r"(api_token=)[^&\s\"'<>)]*")
_LOGGERS = ("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry")
_UNPARSED = "Failed to parse headers"


class Secret:
    """A string that is hidden in reprs and can't be pickled."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the string itself, for the one place that sends it."""
        return self._value

    def hide_in(self, text: str) -> str:
        """Return `text` without the secret, in case a service echoes it: as it is, or encoded as in URLs and pages."""
        if len(self._value) < _SHORTEST_TOKEN:
            return text
        forms = {self._value, quote(self._value, safe=""), quote_plus(self._value), escape(self._value)}
        forms |= {b64encode(self._value.encode()).decode().rstrip("=")}
        lowered = text.lower()
        if not any(form.lower() in lowered for form in forms):
            return text
        # The longest first, since one can be a part of another.
        pattern = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
        return re.sub(pattern, HIDDEN, text, flags=re.IGNORECASE)

    def has_overlap(self, text: str) -> bool:
        """Return whether `text` contains the secret or is a part of it."""
        if min(len(self._value), len(text)) < _SHORTEST_TOKEN:
            return False
        value, text = self._value.casefold(), text.casefold()
        return value in text or text in value

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret can't be pickled")


class _HideTokens(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if text.startswith(_UNPARSED):
            # The rest is the URL, and what the service sent, which may be the token.
            record.msg, record.args, record.exc_info, record.exc_text = f"{_UNPARSED} of a service", None, None, None
            return True
        if "api_token=" in text:
            record.msg, record.args = _IN_URL.sub(rf"\1{HIDDEN}", text), None
        return True


_FILTER = _HideTokens("hide api tokens")


def hide_tokens_in_logs() -> None:
    """Add the filter to urllib3's loggers that write URLs. Repeated calls have no further effect."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)
