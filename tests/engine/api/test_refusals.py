"""Whatever refuses a call of the API: the answer is the API's JSON, never a page."""

import json
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

HOSTS = ["elsewhere.example", "127.0.0.1:99999999", "a b", "[::1", "täst", "..", "engine.invalid@x", ""]
PATHS = ["/web_api/v1/upload", "/web_api/v1/points/record", "/web_api/v1/nothing", "/web_api/v2/upload", "/web_api"]


def read_refusal(answer: Any) -> int:
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"code", "msg"}
    code: int = body["code"]
    return code


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", HOSTS)
def test_28_a_bad_host_gives_json(path: str, host: str, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["studio.example"]
    for method in ("GET", "POST"):
        assert read_refusal(Client().generic(method, path, HTTP_HOST=host)) == 10001


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/web_api", "/web_api/", "/web_api/v1", "/web_api/v1/", "/web_api/v9/é", *PATHS])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"])
def test_unknown_addresses_and_methods_give_json(path: str, method: str) -> None:
    client = Client(enforce_csrf_checks=True)
    assert read_refusal(client.generic(method, path)) in (10001, 30001)


def test_a_page_with_a_bad_host_stays_a_page(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["studio.example"]
    answer = Client().get("/login/", headers={"host": "elsewhere.example"})
    assert (answer.status_code, answer["Content-Type"]) == (400, "text/html; charset=utf-8")


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_too_many_and_too_large_fields_give_json(content_type: str, settings: Any) -> None:
    if content_type.startswith("multipart"):
        field = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n{}\r\n'
        many, large = field.format("b") * 2000 + "--x--\r\n", field.format("b" * 3_000_000) + "--x--\r\n"
    else:
        many, large = "&".join(f"a{number}=b" for number in range(2000)), "a=" + "b" * 3_000_000
    for body in (many, large):
        answer = Client().post("/web_api/v1/progress", data=body.encode(), content_type=content_type)
        assert read_refusal(answer) in (10001, 10012)


@pytest.mark.django_db
def test_a_failing_database_gives_json() -> None:
    def refuse(*args: object) -> None:
        raise OperationalError("gone")

    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = "x" * 32
    with connection.execute_wrapper(refuse):
        for path in ("/web_api/v1/point?api_token=x", "/web_api/v2/x"):
            assert read_refusal(client.get(path)) in (10010, 10001)
        assert json.loads(client.get("/web_api/v1/point?api_token=x").content)["msg"] == "Internal error."
