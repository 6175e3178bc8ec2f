"""Share visitors and programs: a link or a token opens what it is for, and everything else as little as nothing does.

The tables are compared with the URLconf: a call of the API or a page of a share link without a row fails the test.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import get_resolver

from tests.conftest import as_actor
from tests.factories import make_job
from tests.test_url_access import fill_addresses, get_expected, walk_routes
from tests.url_table import URLS, Outcome
from vanceweb.gallery.link_services import create_link
from vanceweb.teams.api_tokens import create_api_token
from vanceweb.teams.audit import COMMAND
from vanceweb.teams.models import Role, Scope, User

PASSWORD = "open sesame"
METHODS = ("GET", "POST", "DELETE")


@dataclass(frozen=True)
class Call:
    """The statuses of GET, POST and DELETE with a token to read, with one to write too, and with another team's."""

    read: tuple[int, int, int]
    write: tuple[int, int, int]
    stranger: tuple[int, int, int]


# An empty body is invalid (422), and a token that may only read is refused first (403).
READ = Call((200, 405, 405), (200, 405, 405), (200, 405, 405))
API_CALLS = {
    "api/v1/me": READ,
    "api/v1/features": READ,
    "api/v1/usage": READ,
    "api/v1/usage/records": READ,
    "api/v1/pictures": Call((200, 403, 405), (200, 422, 405), (200, 422, 405)),
    "api/v1/pictures/<uuidstr:picture_id>": Call((200, 405, 403), (200, 405, 204), (404, 405, 404)),
    "api/v1/pictures/<uuidstr:picture_id>/file": Call((200, 405, 405), (200, 405, 405), (404, 405, 405)),
    "api/v1/jobs": Call((200, 403, 405), (200, 422, 405), (200, 422, 405)),
    "api/v1/jobs/<uuidstr:job_id>": Call((200, 405, 405), (200, 405, 405), (404, 405, 405)),
    # The job has ended.
    "api/v1/jobs/<uuidstr:job_id>/cancel": Call((405, 403, 405), (405, 409, 405), (405, 404, 405)),
    "api/v1/jobs/<uuidstr:job_id>/retry": Call((405, 403, 405), (405, 409, 405), (405, 404, 405)),
}
# For everybody: a page, the document, and an address that only says what is below it.
NO_CALLS = {"api/v1/docs", "api/v1/openapi.json", "api/v1/"}
# What a share link shows to a visitor who gave its password, by what follows its secret.
SHARED_PAGES: dict[str, tuple[Outcome, Outcome]] = {
    "": (200, 422),
    "<int:number>/<slug:part>.webp": (200, 405),
    "<int:number>/<slug:part>/file/": (404, 405),
}
SHARE = "s/<str:secret>/"
# Every page and call that isn't the token's or the link's own.
OTHER_ROUTES = [route for route in URLS if not route.startswith(("api/", SHARE))]


@dataclass
class Visitor:
    """Somebody without a session, with cookies or a header."""

    client: Client = field(default_factory=Client)
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, address: str, *, body: str = "") -> Outcome:
        """Return the status of the answer, as the table of URLs names it. What the request changes is undone."""
        kind = "application/json" if body else "application/octet-stream"
        with transaction.atomic():
            response = self.client.generic(method, address, body, content_type=kind, headers=self.headers)
            transaction.set_rollback(True)
        if response.status_code == 302 and response["Location"].startswith("/login/"):
            return "to login" if "next=" in response["Location"] else 302
        return int(response.status_code)

    def ask_all(self, addresses: dict[str, str], routes: list[str]) -> dict[str, list[Outcome]]:
        return {route: [self.ask(method, addresses[route]) for method in ("GET", "POST")] for route in routes}


def carry_token(user: User, *scopes: Scope) -> Visitor:
    token = create_api_token(
        user=user, team=as_actor(user).team, name="Program", scopes=scopes, lifetime=timedelta(days=1), by=COMMAND
    )
    return Visitor(headers={"Authorization": f"Bearer {token.text}"})


@pytest.fixture(autouse=True)
def without_throttles(settings: object) -> None:
    """All requests come from one address here."""
    settings.THROTTLES = dict.fromkeys(settings.THROTTLES, ())  # type: ignore[attr-defined]


@pytest.fixture
def programs(alice: User, charlie: User) -> dict[str, Visitor]:
    """A program for each column of the table."""
    return {
        "read": carry_token(alice, Scope.READ),
        "write": carry_token(alice, Scope.READ, Scope.WRITE),
        "stranger": carry_token(charlie, Scope.READ, Scope.WRITE),
    }


def test_every_call_of_the_api_and_every_page_of_a_link_is_in_a_table() -> None:
    routes = set(walk_routes(get_resolver().url_patterns))
    assert {route for route in routes if route.startswith("api/")} - NO_CALLS == API_CALLS.keys()
    assert {route for route in routes if route.startswith(SHARE)} == {SHARE + rest for rest in SHARED_PAGES}


def test_a_token_opens_the_calls_of_its_scope_and_team(programs: dict[str, Visitor], alice: User) -> None:
    job = make_job(alice)
    assert job.result is not None
    found = {}
    for route in API_CALLS:
        address = "/" + route.replace("<uuidstr:picture_id>", str(job.result.uuid))
        address = address.replace("<uuidstr:job_id>", str(job.uuid))
        answers = {
            who: tuple(one.ask(method, address, body="{}") for method in METHODS) for who, one in programs.items()
        }
        found[route] = Call(**answers)  # type: ignore[arg-type]
    assert found == API_CALLS


def test_a_viewers_token_makes_nothing(programs: dict[str, Visitor], alice: User) -> None:
    job = make_job(alice)
    assert job.result is not None
    alice.memberships.update(role=Role.VIEWER)
    addresses = ("pictures", "jobs", f"jobs/{job.uuid}/cancel", f"jobs/{job.uuid}/retry")
    assert {programs["write"].ask("POST", f"/api/v1/{address}") for address in addresses} == {403}
    assert programs["write"].ask("DELETE", f"/api/v1/pictures/{job.result.uuid}") == 403


@pytest.mark.parametrize("who", ["write", "stranger"])
def test_a_token_opens_no_page(who: str, programs: dict[str, Visitor], alice: User) -> None:
    addresses = fill_addresses(alice)
    assert programs[who].ask_all(addresses, OTHER_ROUTES) == get_expected("anonymous", OTHER_ROUTES)


def test_a_session_opens_no_call_of_the_api(alice: User, client: Client) -> None:
    client.force_login(alice)
    for route in API_CALLS:
        address = "/" + route.replace("<uuidstr:picture_id>", str(alice.pk)).replace("<uuidstr:job_id>", "1")
        assert {client.generic(method, address).status_code for method in METHODS} <= {401, 404, 405}, route


def test_a_share_link_opens_its_pictures_and_nothing_else_of_the_team(alice: User) -> None:
    addresses = fill_addresses(alice)
    picture = make_job(alice).result
    assert picture is not None
    link = create_link(actor=as_actor(alice), pictures=[picture], password=PASSWORD)
    path, visitor = urlsplit(link.address).path, Visitor()
    assert visitor.client.post(path, {"password": PASSWORD}).status_code == 302
    found = {}
    for rest in SHARED_PAGES:
        address = path + rest.replace("<int:number>", "1").replace("<slug:part>", "after")
        found[rest] = tuple(visitor.ask(method, address) for method in ("GET", "POST"))
    assert found == SHARED_PAGES
    assert visitor.ask_all(addresses, OTHER_ROUTES) == get_expected("anonymous", OTHER_ROUTES)
    assert settings.SESSION_COOKIE_NAME not in visitor.client.cookies
