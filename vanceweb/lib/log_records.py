"""The lines of the log: with the id of their request, and without secrets."""

import logging
import re
from typing import Any

from vanceweb.lib.request_ids import get_request_id

HIDDEN = "[hidden]"
# The tokens of the site's own API, and those that are part of a request's text.
_TOKENS = re.compile(r"(\bvw_|\bwhsec_|api_token=|\bBearer )[^\s&\"'<>,;)]+")
# The names that URLs give to their secrets: links of set-up, shares, invitations, webhooks and lost passwords.
_SECRET_NAMES = frozenset({"secret", "token", "key", "code", "uidb36"})
# A part of an address that no route knows, but that may be a secret with something before or after it.
_LONG_PART = re.compile(r"(?<=/)(?![0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:/|$))[^/]{20,}")


def hide_tokens(text: str) -> str:
    """Return the text without tokens that can be told by their form."""
    return _TOKENS.sub(rf"\1{HIDDEN}", text)


def hide_secret_parts(path: str, request: object) -> str:
    """Return the path of the request without the parts that are secrets, or might be."""
    match = getattr(request, "resolver_match", None)
    if match is None:
        return _LONG_PART.sub(HIDDEN, path)
    for name, value in match.kwargs.items():
        if name in _SECRET_NAMES and isinstance(value, str):
            path = path.replace(value, HIDDEN)
    return path


class HideSecretPaths(logging.Filter):
    """A filter for Django's loggers of requests, which write the path of each request that they refuse."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Hide the secrets in the record's path; keep every record."""
        request = getattr(record, "request", None)
        path = getattr(request, "path", None)
        if path and isinstance(record.args, tuple):
            record.args = tuple(hide_secret_parts(path, request) if part == path else part for part in record.args)
        return True


class PlainFormatter(logging.Formatter):
    """One line for each record, with the id of the request it came from."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's text without tokens."""
        request_id = get_request_id(getattr(record, "request", None))
        record.in_request = f" [{request_id}]" if request_id else ""
        return hide_tokens(super().format(record))


def build_logging(*, level: str, errors: Any) -> dict[str, Any]:
    """Return the setting LOGGING: everything from `level` on to the console, and errors to the file `errors`, too."""
    hides: dict[str, Any] = {"filters": ["secret_paths"]}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"secret_paths": {"()": "vanceweb.lib.log_records.HideSecretPaths"}},
        "formatters": {
            "plain": {
                "()": "vanceweb.lib.log_records.PlainFormatter",
                "format": "%(asctime)s %(levelname)s %(name)s%(in_request)s: %(message)s",
            }
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "plain"},
            "errors": {"class": "vanceweb.lib.error_records.ErrorRecordHandler", "level": "ERROR", "path": errors},
        },
        "root": {"handlers": ["console", "errors"], "level": level},
        # A filter of a logger sees only its own records.
        "loggers": dict.fromkeys(("django.request", "django.security.csrf", "django.security.DisallowedHost"), hides),
    }
