"""Programs that call the API with a token."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from tests.conftest import as_actor
from vanceweb.teams.api_tokens import IssuedToken, create_api_token
from vanceweb.teams.models import Scope, User

ROOT = "/api/v1"
BOTH = (Scope.READ, Scope.WRITE)
MONTH = timedelta(days=30)


@pytest.fixture(autouse=True)
def forget_chores() -> None:
    """Let a chore run again although it ran in another test."""
    cache.clear()


@dataclass
class Caller:
    """A program with a token, or without one."""

    token: str = ""
    row: Any = None

    def send(self, method: str, path: str, **options: Any) -> Any:
        """Send a request; an unexpected error is answered as on the real site."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= options.pop("headers", {})
        client = Client(raise_request_exception=False)
        if "json" in options:
            options |= {"data": json.dumps(options.pop("json")), "content_type": "application/json"}
        return getattr(client, method)(ROOT + path, headers=headers, **options)

    def get(self, path: str, **options: Any) -> Any:
        return self.send("get", path, **options)

    def post(self, path: str, **options: Any) -> Any:
        return self.send("post", path, **options)

    def delete(self, path: str) -> Any:
        return self.send("delete", path)


def issue_token(user: User, scopes: tuple[Scope, ...] = BOTH, lifetime: timedelta = MONTH) -> IssuedToken:
    actor = as_actor(user)
    return create_api_token(
        user=user, team=actor.team, name="script", scopes=scopes, lifetime=lifetime, by=actor.performer
    )


def call_as(user: User, scopes: tuple[Scope, ...] = BOTH) -> Caller:
    """Return a program that acts as the user in their first team."""
    issued = issue_token(user, scopes)
    return Caller(issued.text, issued.row)


@pytest.fixture
def alices(alice: User) -> Caller:
    """A program of Alice, who owns the team."""
    return call_as(alice)


@pytest.fixture
def bobs(bob: User) -> Caller:
    """A program of Bob, a member."""
    return call_as(bob)


@pytest.fixture
def viewers(viewer: User) -> Caller:
    """A program of somebody who may only look."""
    return call_as(viewer)


@pytest.fixture
def strangers(charlie: User) -> Caller:
    """A program of somebody in another team."""
    return call_as(charlie)


def assert_problem(answer: Any, status: int) -> dict[str, Any]:
    """Return the problem document of an answer with this status."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    assert {"type", "title", "detail"} <= document.keys()
    return document
