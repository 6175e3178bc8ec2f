"""Each request has an id, and the log tells it without telling secrets."""

import logging
from typing import Any

import pytest
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path

from vanceweb import urls as site
from vanceweb.lib.client_address import parse_networks
from vanceweb.lib.log_records import PlainFormatter, build_logging
from vanceweb.lib.request_ids import HEADER, get_request_id, request_id_middleware

SECRET = "8fJ2kLq0-planted-secret-of-a-link"


@login_not_required
def fail(request: HttpRequest, secret: str = "") -> HttpResponse:
    raise RuntimeError("broken on purpose")


urlpatterns = [*site.urlpatterns, path("fail/", fail), path("fail/<str:secret>/", fail)]
handler500 = "vanceweb.ops.fault_pages.render_error"


@pytest.fixture
def visitor(settings: Any, db: None) -> Client:
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False)


def ask(given: str, address: str) -> str:
    request = RequestFactory().get("/", REMOTE_ADDR=address, headers={HEADER: given})
    return str(request_id_middleware(lambda request: HttpResponse())(request)[HEADER])


def test_every_answer_has_an_id_of_its_own(client: Client, db: None) -> None:
    ids = [client.get(address)[HEADER] for address in ("/healthz", "/login/", "/nowhere/", "/web_api/v1/point")]
    assert len(set(ids)) == 4
    assert all(len(one) == 32 for one in ids)


@pytest.mark.parametrize("given", ["a1b2-c3", "x" * 64])
def test_the_id_of_a_trusted_proxy_is_kept(settings: Any, given: str) -> None:
    settings.TRUSTED_PROXIES = parse_networks(["10.0.0.0/8"])
    assert ask(given, "10.1.2.3") == given


@pytest.mark.parametrize("given", ["", "two\nlines", "x" * 65, "a b", "<b>"])
def test_a_proxys_id_that_could_forge_a_line_is_replaced(settings: Any, given: str) -> None:
    settings.TRUSTED_PROXIES = parse_networks(["10.0.0.0/8"])
    assert ask(given, "10.1.2.3") not in ("", given)


def test_nobody_else_chooses_the_id(settings: Any) -> None:
    settings.TRUSTED_PROXIES = parse_networks(["10.0.0.0/8"])
    assert ask("mine", "192.0.2.1") != "mine"


def test_after_the_request_there_is_no_id() -> None:
    ask("", "192.0.2.1")
    assert get_request_id() == ""


def test_the_page_of_an_error_tells_the_id_that_is_in_the_log(visitor: Client, caplog: Any) -> None:
    response = visitor.get("/fail/")
    assert response.status_code == 500
    assert response[HEADER] in response.content.decode()
    [record] = [record for record in caplog.records if record.name == "django.request"]
    formatter = PlainFormatter(build_logging(level="INFO", errors="")["formatters"]["plain"]["format"])
    assert f"django.request [{response[HEADER]}]: Internal Server Error: /fail/" in formatter.format(record)


@pytest.mark.parametrize("address", [f"/fail/{SECRET}/", f"/nowhere/{SECRET}/", f"/{SECRET}"])
def test_no_secret_of_an_address_is_logged(visitor: Client, caplog: Any, address: str) -> None:
    assert visitor.get(address).status_code in (404, 500)
    messages = [record.getMessage() for record in caplog.records if record.name == "django.request"]
    assert len(messages) == 1
    assert SECRET not in messages[0]
    assert "[hidden]" in messages[0]


def test_ids_of_rows_stay_in_the_log(visitor: Client, caplog: Any) -> None:
    visitor.get("/jobs/00000000-0000-4000-8000-000000000000/file/")
    assert "00000000-0000-4000-8000-000000000000" in caplog.text


@pytest.mark.parametrize("text", ["api_token=s3cret&x=1", "vw_s3cret-token", "Authorization: Bearer s3cret"])
def test_tokens_are_hidden_in_every_line(text: str) -> None:
    formatter = PlainFormatter("%(message)s")
    assert "s3cret" not in formatter.format(logging.makeLogRecord({"msg": text}))
