"""Content types whose charset would end a request before Django can answer it."""

from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from vanceweb.engine.wsgi import application as engine
from vanceweb.lib.request_charset import filter_charset
from vanceweb.wsgi import application as site

ODD = ["base64", "zlib", "hex", "rot13", "idna", "undefined", "unicode_escape", "utf-7", "no-such", "\x00", "x" * 5000]

UNREADABLE = ["a/b; c*=no-such''x", "a/b; charset*" + "9" * 5000 + "*=x"]


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", "latin-1", "gbk", "Windows-1252", '"utf-8"'])
def test_charsets_of_forms_are_known(charset: str) -> None:
    assert filter_charset(f"text/plain; charset={charset}") == f"text/plain; charset={charset}"


def test_other_parameters_stay() -> None:
    assert filter_charset("multipart/form-data; boundary=x") == "multipart/form-data; boundary=x"


@pytest.mark.parametrize("charset", ODD)
def test_unknown_charsets_are_dropped(charset: str) -> None:
    assert filter_charset(f"text/plain; charset={charset}") == "text/plain"


@pytest.mark.parametrize("content_type", UNREADABLE)
def test_a_content_type_that_cant_be_read_is_none(content_type: str) -> None:
    assert filter_charset(content_type) == "application/octet-stream"


@pytest.mark.django_db
@pytest.mark.parametrize("application", [site, engine], ids=["site", "engine"])
@pytest.mark.parametrize(
    "content_type", [f"a/b; charset={charset}" for charset in ODD[:8]] + ["a/b; c=" + "d" * 20_000]
)
def test_no_content_type_ends_a_request_without_an_answer(application: Any, content_type: str) -> None:
    environ: dict[str, Any] = {"PATH_INFO": "/web_api/v1/nothing", "QUERY_STRING": "a=b", "CONTENT_TYPE": content_type}
    setup_testing_defaults(environ)
    statuses: list[str] = []
    response = application(environ, lambda status, headers: statuses.append(status))
    assert b'"code": 10001' in b"".join(response)
    assert statuses == ["200 OK"]
