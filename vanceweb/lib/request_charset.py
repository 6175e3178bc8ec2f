"""The charsets in which requests are read.

Django takes any codec of Python that a Content-Type names, and fails before it can answer: `base64` and `zlib` aren't
of text, `idna` and `undefined` refuse most bytes, and `unicode_escape` makes lone surrogates.
"""

import codecs
from typing import TYPE_CHECKING, Any

from django.utils.http import parse_header_parameters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication

# Python's names of the charsets in which browsers and clients send forms. All others are read as UTF-8.
CHARSETS = frozenset(("utf-8", "ascii", "iso8859-1", "iso8859-15", "cp1252", "cp1251", "koi8-r")).union(
    ("gb2312", "gbk", "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr")
)
UNREADABLE = "application/octet-stream"


def filter_charsets(application: "WSGIApplication") -> "WSGIApplication":
    """Return the application, for which requests name known charsets only."""

    def respond(environ: dict[str, Any], start_response: "StartResponse") -> "Iterable[bytes]":
        content_type = environ.get("CONTENT_TYPE", "")
        if content_type:
            environ["CONTENT_TYPE"] = filter_charset(content_type)
        return application(environ, start_response)

    return respond


def filter_charset(content_type: str) -> str:
    """Return the content type, without its parameters if they name an unknown charset or can't be read."""
    try:
        media_type, parameters = parse_header_parameters(content_type)
        charset = parameters.get("charset", "utf-8")
    except (ValueError, LookupError, TypeError):
        # The standard library's parser of headers fails on some that break their grammar.
        return UNREADABLE
    try:
        is_known = codecs.lookup(charset).name in CHARSETS
    except (LookupError, ValueError):
        is_known = False
    return content_type if is_known else media_type
