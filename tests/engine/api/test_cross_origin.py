"""Calls of the API from pages of other origins."""

import re
from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import Client
from pytest_django import Settings

from tests.engine.conftest import DENOISE, Caller
from tests.engine.test_wsgi import get
from vanceweb.settings import CORS_URLS_REGEX

ORIGIN = "https://shop.example"
PATHS = ["upload", "transform", "progress", "download", "cancel", "point", "points/record", "nothing"]
PREFLIGHT: dict[str, Any] = {
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "POST",
    "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "content-type",
}


@pytest.fixture
def allowed(settings: Settings) -> None:
    """One origin is allowed."""
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    settings.CORS_URLS_REGEX = r"^/web_api/v1/"


def list_cors_headers(response: Any) -> dict[str, str]:
    return {name: value for name, value in response.items() if name.lower().startswith("access-control")}


@pytest.mark.parametrize("path", PATHS)
def test_no_origin_is_allowed_by_default(path: str, db: None) -> None:
    assert re.match(CORS_URLS_REGEX, f"/web_api/v1/{path}") is None
    http, url = Client(), f"/web_api/v1/{path}"
    for response in (http.options(url, HTTP_ORIGIN=ORIGIN, **PREFLIGHT), http.post(url, HTTP_ORIGIN=ORIGIN)):
        assert not list_cors_headers(response)
        assert "origin" not in response.get("Vary", "").lower()
        assert response.json()["code"] != 200


@pytest.mark.usefixtures("allowed")
class TestAllowedOrigin:
    @pytest.mark.parametrize("path", PATHS)
    def test_a_preflight_names_methods_and_headers(self, path: str, db: None) -> None:
        response = Client().options(f"/web_api/v1/{path}", HTTP_ORIGIN=ORIGIN, **PREFLIGHT)
        assert response.status_code == 200
        assert response.content == b""
        assert list_cors_headers(response) == {
            "access-control-allow-origin": ORIGIN,
            "access-control-allow-headers": "accept, content-type",
            "access-control-allow-methods": "GET, POST",
            "access-control-expose-headers": "Content-Disposition, Retry-After",
            "access-control-max-age": "86400",
        }

    def test_results_and_refusals_can_be_read(self, alice: Caller) -> None:
        fields = {"api_token": alice.token, "uid": alice.create_upload(), "jconfig": DENOISE, "wait": "0"}
        for token, code in ((alice.token, 200), ("wrong", 30001)):
            response = Client().post("/web_api/v1/transform", fields | {"api_token": token}, HTTP_ORIGIN=ORIGIN)
            assert response.json()["code"] == code
            assert response["Access-Control-Allow-Origin"] == ORIGIN
            assert response["Access-Control-Expose-Headers"] == "Content-Disposition, Retry-After"
            assert "Access-Control-Allow-Credentials" not in response
            assert "origin" in response["Vary"].lower()

    @pytest.mark.parametrize(
        "origin",
        ["https://other.example", "http://shop.example", "https://shop.example:8443", "https://shop.example.evil.example",
         "https://evil-shop.example", "null", "", "https://[", "*"],
    )  # fmt: skip
    def test_another_origin_is_not(self, origin: str, db: None) -> None:
        for method in ("options", "post"):
            response = getattr(Client(), method)("/web_api/v1/point", HTTP_ORIGIN=origin, **PREFLIGHT)
            assert not list_cors_headers(response)

    @pytest.mark.parametrize("path", ["/", "/login/", "/healthz", "/web_api/", "/web_api/v2/point"])
    def test_the_site_itself_stays_closed(self, path: str, db: None) -> None:
        assert not list_cors_headers(Client().get(path, HTTP_ORIGIN=ORIGIN))

    def test_the_engine_without_the_site_adds_the_same_headers(self, alice: Caller) -> None:
        _status, headers, _content = get("/web_api/v1/point", f"api_token={alice.token}", HTTP_ORIGIN=ORIGIN)
        assert headers["access-control-allow-origin"] == ORIGIN


@pytest.mark.parametrize("origin", ["shop.example", "https://shop.example/path", "https://"])
def test_a_wrong_origin_is_named_at_the_start(origin: str, settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [origin]
    assert any(error.id in ("corsheaders.E013", "corsheaders.E014") for error in run_checks())
