"""The engine as a separate application, without the site's middleware."""

import json
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from pytest_django import Settings

from tests.engine.conftest import Caller
from vanceweb.engine.wsgi import EngineHandler


def get(path: str, query: str = "", **environ: str) -> tuple[str, dict[str, str], bytes]:
    request: dict[str, Any] = {"PATH_INFO": path, "QUERY_STRING": query, **environ}
    setup_testing_defaults(request)
    started: list[Any] = []
    response = EngineHandler()(request, lambda *args: started.extend(args))
    content = b"".join(response)
    response.close()
    return started[0], dict(started[1]), content


@pytest.mark.django_db(transaction=True)
def test_it_answers_under_any_host_name_without_cookies(alice: Caller, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["studio.example"]
    settings.SECURE_SSL_REDIRECT = True
    status, headers, content = get("/web_api/v1/point", f"api_token={alice.token}", HTTP_HOST="engine.invalid")
    assert status == "200 OK"
    assert json.loads(content)["data"]["max_num"] == "10.000"
    assert set(headers) == {"Content-Type", "Cache-Control"}


@pytest.mark.django_db
def test_it_has_only_the_apis_paths() -> None:
    assert json.loads(get("/web_api/v1/nothing")[2])["code"] == 10001
    assert get("/")[0] == "404 Not Found"
    assert get("/login/")[0] == "404 Not Found"
