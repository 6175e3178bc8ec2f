"""Errors outside of the calls: always a problem document, and never a page."""

from typing import Any

import pytest
from django.test import Client

from tests.api.conftest import ROOT, Caller, assert_problem
from vanceweb.api import calls_account
from vanceweb.teams.models import User


@pytest.mark.parametrize("path", ["/nothing", "/pictures/x", "/jobs/1/cancel", "/"])
def test_an_unknown_address(path: str, alices: Caller) -> None:
    assert_problem(alices.get(path), 404)


@pytest.mark.parametrize("path", ["/me", "/features", "/pictures", "/jobs"])
def test_an_unsupported_method(path: str, alices: Caller) -> None:
    answer = alices.send("put", path)
    assert_problem(answer, 405)
    assert "GET" in answer["Allow"]


def test_an_unexpected_error_tells_nothing_of_itself(alices: Caller, settings: Any) -> None:
    # A feature without a catalogue: no document can be built from it.
    settings.ROOT_URLCONF = "tests.api.broken_urls"
    problem = assert_problem(alices.get("/broken"), 500)
    assert "secret" not in str(problem)


def test_a_foreign_host_name(alice: User) -> None:
    assert_problem(Client(raise_request_exception=False).get(f"{ROOT}/me", headers={"Host": "evil.example"}), 400)


def test_a_body_beyond_the_limit(alices: Caller, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    assert_problem(alices.post("/jobs", json={"picture": "x" * 200}), 413)


def test_a_form_that_breaks_off(alices: Caller) -> None:
    answer = alices.post("/pictures", data=b"--x\r\nContent-", content_type="multipart/form-data; boundary=x")
    assert_problem(answer, 422)
    answer = alices.post("/pictures", data=b"x", content_type="multipart/form-data; boundary=")
    assert_problem(answer, 400)


def test_answers_are_not_stored_by_caches(alices: Caller) -> None:
    assert "no-store" in alices.get("/me")["Cache-Control"]
    assert "no-store" in alices.get("/nothing")["Cache-Control"]


def test_every_call_is_described_with_its_problems(client: Client, db: None) -> None:
    document = client.get(f"{ROOT}/openapi.json").json()
    calls = [call for methods in document["paths"].values() for call in methods.values()]
    assert len(calls) >= len(calls_account.router.path_operations)
    for call in calls:
        assert {"401", "403", "404", "422", "429", "500"} <= call["responses"].keys()
        assert call["security"] == [{"ApiTokenAuth": []}]
