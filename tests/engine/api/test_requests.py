"""The common behaviour of all endpoints: encodings, methods, tokens, the envelope, errors as JSON with HTTP 200."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connection
from django.test import Client

from tests.engine.conftest import DENOISE, Caller, picture
from vanceweb import __version__
from vanceweb.engine.models import Transform

PATHS = ["upload", "transform", "progress", "download", "cancel", "point", "points/record"]
FORM = "application/x-www-form-urlencoded"


def read_body(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    data: dict[str, Any] = answer.json()
    return data


def test_a_body_in_another_encoding_than_it_says_is_not_repeated(alice: Caller) -> None:
    """Read as a form, a multipart body is one long name of a field, with the token in it."""
    body = f'--x\r\nname="api_token"\r\n\r\n{alice.token}\r\nname="webhook"\r\n\r\n=\0'.encode()
    for content_type in (FORM, f"{FORM}; charset=no-such"):
        answer = Client().generic("POST", "/web_api/v1/points/record", body, content_type=content_type)
        assert read_body(answer)["msg"] == {"body": ["The field must not contain NUL characters."]}
    named = Client().post("/web_api/v1/point", {"page": "a\0b"})
    assert read_body(named)["msg"] != {"body": ["The field must not contain NUL characters."]}


def test_an_error_repeats_no_more_than_the_beginning_of_a_path() -> None:
    answer = read_body(Client().get("/web_api/v1/" + "x" * 5000))
    assert len(answer["msg"]) == 1000


class TestToken:
    @pytest.mark.parametrize("path", PATHS)
    def test_a_missing_token_is_named(self, path: str, db: None) -> None:
        method = "GET" if path == "point" else "POST"
        answer = read_body(Client().generic(method, f"/web_api/v1/{path}", "", content_type=FORM))
        assert answer == {"code": 30001, "msg": {"api_token": ["The api token field is required."]}}

    @pytest.mark.parametrize("path", PATHS)
    @pytest.mark.parametrize("token", ["wrong", "{}x", "ü", "0" * 5000])
    def test_a_wrong_token_is_refused(self, path: str, token: str, alice: Caller) -> None:
        method = "GET" if path == "point" else "POST"
        query = {"api_token": token.format(alice.token)}
        answer = read_body(getattr(Client(), method.lower())(f"/web_api/v1/{path}", query))
        assert answer == {"code": 30001, "msg": "Invalid API token."}

    def test_the_token_is_stored_as_a_keyed_hash_only(self, alice: Caller) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM engine_account")
            row = " ".join(str(value) for value in cursor.fetchone())
        assert alice.token not in row
        assert alice.token[:6] in row
        assert alice.token[6:20] not in row


class TestEncodings:
    def test_urlencoded_multipart_and_json_are_equivalent(self, alice: Caller) -> None:
        uid = alice.create_upload()
        fields = {"api_token": alice.token, "uid": uid, "jconfig": DENOISE, "wait": "0"}
        http, path = Client(), "/web_api/v1/transform"
        answers = [
            http.post(path, fields),
            http.post(path, "&".join(f"{k}={v}" for k, v in fields.items()), content_type=FORM),
            http.post(path, json.dumps(fields), content_type="application/json"),
            http.post(path, json.dumps(fields | {"wait": 0}), content_type="application/json; charset=utf-8"),
            http.post(path, json.dumps(fields | {"jconfig": json.loads(DENOISE)}), content_type="application/json"),
        ]
        for answer in answers:
            data = read_body(answer)["data"]
            assert data["status"] == "busy"
            assert re.fullmatch("[0-9a-f]{32}", data["trans_id"])

    def test_get_and_post_are_equivalent_where_both_are_allowed(self, alice: Caller) -> None:
        fields = {"api_token": alice.token, "trans_id": alice.create_transform()}
        http = Client()
        get, post = http.get("/web_api/v1/progress", fields), http.post("/web_api/v1/progress", fields)
        waiting = {"status": "waiting", "percent": 0, "version": f"vanceweb {__version__}"}
        assert read_body(get)["data"] == read_body(post)["data"] == waiting

    @pytest.mark.parametrize(
        ("content", "content_type"),
        [
            (b"{", "application/json"),
            (b"[1]", "application/json"),
            (b"\xff", "application/json"),
            (b"[" * 100_000, "application/json"),
            (b'{"api_token": "\\ud800"}', "application/json"),
            (b'{"api_token": "a\\u0000"}', "application/json"),
            (b"api_token=a%00", FORM),
            (b"x", "multipart/form-data"),
            (b"x", "multipart/form-data; boundary=" + "b" * 300),
            (b"a=1", FORM + "; charset=utf-16"),
            (b"&".join(b"f%d=" % i for i in range(2000)), FORM),
        ],
    )
    def test_a_body_that_cannot_be_read_is_an_illegal_parameter(
        self, content: bytes, content_type: str, db: None
    ) -> None:
        answer = read_body(Client().generic("POST", "/web_api/v1/progress", content, content_type=content_type))
        assert answer["code"] == 10001

    def test_too_many_fields_in_the_address_are_an_illegal_parameter(self, db: None) -> None:
        query = "&".join(f"f{i}=" for i in range(2000))
        assert read_body(Client().get(f"/web_api/v1/progress?{query}"))["code"] == 10001

    def test_fields_beyond_the_memory_limit_exceed_the_limits(self, db: None) -> None:
        content = b"api_token=" + b"a" * (3 * 1024 * 1024)
        assert read_body(Client().post("/web_api/v1/progress", content, content_type=FORM))["code"] == 10012


class TestEnvelope:
    def test_a_success_carries_the_callers_address(self, alice: Caller) -> None:
        answer = read_body(Client(REMOTE_ADDR="192.0.2.7").get("/web_api/v1/point", {"api_token": alice.token}))
        assert answer == {
            "code": 200,
            "cscode": 200,
            "data": {"max_num": "10.000", "used_num": "0.000"},
            "ip": "192.0.2.7",
        }

    @pytest.mark.parametrize("path", ["nothing", "", "upload/", "point/x"])
    def test_an_unknown_path_is_answered_in_json(self, path: str, db: None) -> None:
        answer = read_body(Client().get(f"/web_api/v1/{path}"))
        assert answer["code"] == 10001
        assert path in answer["msg"]

    @pytest.mark.parametrize("path", PATHS)
    @pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
    def test_an_unsupported_method_is_answered_in_json(self, path: str, method: str, db: None) -> None:
        answer = read_body(Client().generic(method, f"/web_api/v1/{path}"))
        assert answer["code"] == 10001
        assert method in answer["msg"]

    @pytest.mark.parametrize("path", ["upload", "transform", "cancel"])
    def test_endpoints_that_change_something_refuse_get(self, path: str, db: None) -> None:
        assert read_body(Client().get(f"/web_api/v1/{path}"))["code"] == 10001

    def test_an_unexpected_exception_is_an_internal_error(
        self, alice: Caller, caplog: pytest.LogCaptureFixture
    ) -> None:
        # A file where the engine needs a folder makes the disk fail.
        storages["engine"].save("uploads", ContentFile(b"in the way"))
        answer = alice.upload(picture())
        assert answer == {"code": 10010, "msg": "Internal error."}
        assert "Traceback" in caplog.text
        assert alice.token not in caplog.text

    def test_no_csrf_token_is_needed(self, alice: Caller) -> None:
        http = Client(enforce_csrf_checks=True)
        fields = {"api_token": alice.token, "trans_id": "0" * 32}
        assert read_body(http.post("/web_api/v1/progress", fields))["code"] == 10011


class TestOwnership:
    @pytest.mark.parametrize("path", ["progress", "download", "cancel"])
    def test_another_accounts_job_looks_like_a_missing_one(
        self, path: str, alice: Caller, bob: Caller, finished: Callable[..., Transform]
    ) -> None:
        foreign = bob.post(path, trans_id=finished(alice.account).trans_id)
        missing = bob.post(path, trans_id="0" * 32)
        assert foreign == missing
        assert foreign["code"] == 10011

    def test_another_accounts_upload_looks_like_a_missing_one(self, alice: Caller, bob: Caller) -> None:
        foreign = bob.post("transform", uid=alice.create_upload(), jconfig=DENOISE)
        assert foreign == bob.post("transform", uid="0" * 32, jconfig=DENOISE)
        assert foreign["code"] == 10011

    def test_missing_fields_are_all_named(self, alice: Caller) -> None:
        assert alice.post("transform") == {
            "code": 10001,
            "msg": {"uid": ["The uid field is required."], "jconfig": ["The jconfig field is required."]},
        }
