"""Tokens, envelopes and methods of all endpoints."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from tests.contract.jconfigs import QUICK
from tests.contract.pictures import make_photo
from tests.contract.service import WAYS, Service

UNKNOWN = "0123456789abcdef" * 2
ENDPOINTS = {
    "/upload": {},
    "/transform": {"uid": UNKNOWN, "jconfig": QUICK},
    "/progress": {"trans_id": UNKNOWN},
    "/download": {"trans_id": UNKNOWN},
    "/point": {},
    "/points/record": {},
}
WAYS_OF = {
    "/upload": ("multipart",),
    "/transform": ("urlencoded", "multipart", "json"),
    "/progress": WAYS,
    "/download": WAYS,
    "/point": ("get",),
    "/points/record": WAYS,
}
EVERY_WAY = [(path, way) for path, ways in WAYS_OF.items() for way in ways]


def build_files(path: str) -> Any:
    return {"file": ("cat.png", make_photo(), "image/png")} if path == "/upload" else None


@pytest.mark.parametrize(("path", "way"), EVERY_WAY)
def test_a_missing_token_is_named_as_a_field(service: Service, path: str, way: str) -> None:
    answer = service.fetch_json(path, ENDPOINTS[path], way, build_files(path))
    assert answer == {"code": 30001, "msg": {"api_token": ["The api token field is required."]}}


@pytest.mark.parametrize(("path", "way"), EVERY_WAY)
@pytest.mark.parametrize("wrong", ["nobody-has-this-token", "nübödy", "x" * 2000])
def test_a_wrong_token_is_refused(service: Service, path: str, way: str, wrong: str) -> None:
    code, message = service.fetch_error(path, {"api_token": wrong, **ENDPOINTS[path]}, way, build_files(path))
    assert code == 30001
    assert wrong not in message


def test_an_empty_token_is_refused(service: Service) -> None:
    assert service.fetch_error("/point", {"api_token": ""}, "get")[0] == 30001


@pytest.mark.parametrize(
    ("path", "method"),
    [("/upload", "GET"), ("/transform", "GET"), ("/point", "POST"), ("/progress", "PUT"), ("/nothing", "GET")],
)
def test_an_unknown_path_or_method_is_an_error_in_json(service: Service, token: str, path: str, method: str) -> None:
    response = service.session.request(method, service.base_url + path, params={"api_token": token}, timeout=30)
    assert response.status_code == 200
    assert response.json()["code"] != 200
    assert response.json()["msg"]


@pytest.mark.parametrize("path", ["/transform", "/progress", "/download", "/points/record"])
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'"text"', b"[" * 50_000])
def test_a_body_that_is_not_a_json_object_is_an_error(service: Service, path: str, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    response = service.session.post(service.base_url + path, data=body, headers=headers, timeout=30)
    assert response.status_code == 200
    assert response.json()["code"] in (10001, 30001)


@pytest.mark.parametrize("path", ["/transform", "/progress", "/download"])
def test_fields_of_odd_types_are_an_error(service: Service, token: str, path: str) -> None:
    for odd in (None, 5, True, 1.5, [], [UNKNOWN], {"a": 1}, "", " ", "\0", "x" * 5000, "../../etc/passwd"):
        fields = {"api_token": token, "uid": odd, "trans_id": odd, "jconfig": QUICK}
        assert service.fetch_error(path, fields, "json")[0] in (10001, 10011), odd


def test_a_token_of_an_odd_type_is_an_error(service: Service) -> None:
    for odd in (None, 5, True, [], {"a": 1}, "\0"):
        assert service.fetch_error("/progress", {"api_token": odd, "trans_id": UNKNOWN}, "json")[0] in (10001, 30001), (
            odd
        )


def test_a_response_sets_no_cookie(service: Service, token: str) -> None:
    response = service.send("/point", {"api_token": token}, "get")
    assert json.loads(response.content)["code"] == 200
    assert "Set-Cookie" not in response.headers


@pytest.fixture
def broken_database(database: None) -> Iterator[None]:
    """The engine without its tables, which are renamed during the test."""
    tables = [model._meta.db_table for model in apps.get_app_config("engine").get_models()]
    for table in tables:
        connection.cursor().execute(f'ALTER TABLE "{table}" RENAME TO "{table}_away"')
    yield
    for table in tables:
        connection.cursor().execute(f'ALTER TABLE "{table}_away" RENAME TO "{table}"')


@pytest.mark.parametrize(("path", "way"), EVERY_WAY)
def test_an_internal_error_is_10010_and_reveals_no_secrets(
    service: Service, token: str, broken_database: None, path: str, way: str
) -> None:
    code, message = service.fetch_error(path, {"api_token": token, **ENDPOINTS[path]}, way, build_files(path))
    assert code == 10010
    assert message
    assert "table" not in message
    assert token not in message
