"""Every URL, requested anonymously, by a stranger and by the owner of the objects.

The table is compared with the URLconf: a URL without an entry fails the test.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.factories import make_hosted_connection, make_job
from vanceweb.gallery.models import Asset
from vanceweb.jobs.models import Job
from vanceweb.teams.models import User
from vanceweb.vault.models import Connection

TO_LOGIN = "to login"
Outcome = int | str


@dataclass(frozen=True)
class Expected:
    """The expected responses to an anonymous visitor, to charlie, who owns none of it, and to alice, who owns it."""

    anonymous: Outcome
    stranger: Outcome
    owner: Outcome
    method: str = "get"


PAGE = Expected(TO_LOGIN, 200, 200)
OWN_PAGE = Expected(TO_LOGIN, 404, 200)
OWN_FILE = Expected(404, 404, 200)
OWN_ACT = Expected(TO_LOGIN, 404, 302, "post")
OWNERS_PAGE = Expected(TO_LOGIN, 403, 200)
# The engine's API has no sessions: without a token it responds with code 30001 and HTTP 200.
API = Expected(200, 200, 200)

URLS = {
    "": PAGE,
    "features/<slug:slug>/": PAGE,
    "jobs/": PAGE,
    "jobs/<uuid:job>/": OWN_PAGE,
    "jobs/<uuid:job>/progress/": OWN_FILE,
    "jobs/<uuid:active>/cancel/": OWN_ACT,
    "jobs/<uuid:failed>/retry/": OWN_ACT,
    "jobs/<uuid:job>/delete/": OWN_PAGE,
    "gallery/": PAGE,
    "gallery/<uuid:asset>/file/": OWN_FILE,
    "gallery/<uuid:asset>/<slug:size>.webp": OWN_FILE,
    "gallery/<uuid:asset>/delete/": OWN_PAGE,
    "usage/": PAGE,
    "usage/refresh/": Expected(TO_LOGIN, 302, 302, "post"),
    "connections/": PAGE,
    "connections/add/": Expected(TO_LOGIN, 422, 422, "post"),
    "connections/<uuid:connection>/check/": OWN_FILE,
    "connections/<uuid:connection>/edit/": OWN_PAGE,
    "connections/<uuid:connection>/remove/": OWN_PAGE,
    "login/": Expected(200, 302, 302),
    "logout/": Expected(302, 302, 302, "post"),
    "password/": PAGE,
    "setup/<str:secret>/": Expected(404, 404, 404),
    "people/": OWNERS_PAGE,
    "models/": OWNERS_PAGE,
    "people/add/": Expected(TO_LOGIN, 403, 422, "post"),
    "web_api/v1/upload": API,
    "web_api/v1/transform": API,
    "web_api/v1/progress": API,
    "web_api/v1/download": API,
    "web_api/v1/cancel": API,
    "web_api/v1/point": API,
    "web_api/v1/points/record": API,
    "web_api/v1/^(?P<path>.*)$": API,
}
# These modify objects, so only strangers post to them.
ALSO_POSTED = (
    "jobs/<uuid:job>/delete/",
    "gallery/<uuid:asset>/delete/",
    "connections/<uuid:connection>/check/",
    "connections/<uuid:connection>/edit/",
    "connections/<uuid:connection>/remove/",
)


def walk_routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    """Yield every route of the site as written in the URLconfs."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from walk_routes(pattern.url_patterns, route)
        else:
            yield route


def to_urlconf_route(route: str) -> str:
    """Convert a route of the table to the parameter names of the URLconf."""
    for name in ("job", "active", "failed", "asset", "connection"):
        route = route.replace(f"<uuid:{name}>", "<uuid:uuid>")
    return route


def fill_addresses(user: User) -> dict[str, str]:
    """Return the URL of each route of the table, with the ids of the user's objects."""
    job = make_job(user)
    assert job.result is not None
    values = {
        "<uuid:job>": job.uuid,
        "<uuid:active>": make_job(user, state=Job.State.QUEUED).uuid,
        "<uuid:failed>": make_job(user, state=Job.State.FAILED).uuid,
        "<uuid:asset>": job.result.uuid,
        "<uuid:connection>": make_hosted_connection(user).uuid,
        "<slug:slug>": "enlarge3",
        "<slug:size>": "tile",
        "<str:secret>": "guessed",
        "^(?P<path>.*)$": "nothing/here",
    }
    filled = {}
    for route in URLS:
        address = f"/{route}"
        for written, value in values.items():
            address = address.replace(written, str(value))
        filled[route] = address
    return filled


@pytest.fixture
def addresses(alice: User) -> dict[str, str]:
    """The URL of each route of the table, with the ids of alice's objects."""
    return fill_addresses(alice)


def get_outcome(client: Client, method: str, address: str) -> Outcome:
    response = client.generic(method.upper(), address)
    if response.status_code == 302 and response["Location"].startswith("/login/"):
        return TO_LOGIN if "next=" in response["Location"] else 302
    return int(response.status_code)


def test_every_url_of_the_site_is_in_the_table() -> None:
    assert sorted(walk_routes(get_resolver().url_patterns)) == sorted(map(to_urlconf_route, URLS))


def test_an_anonymous_visitor_sees_nothing(addresses: dict[str, str], client: Client) -> None:
    answers = {route: get_outcome(client, URLS[route].method, address) for route, address in addresses.items()}
    assert answers == {route: entry.anonymous for route, entry in URLS.items()}


def test_a_stranger_gets_404_for_what_belongs_to_alice(addresses: dict[str, str], charlie: User) -> None:
    answers = {}
    for route, address in addresses.items():
        client = Client()
        client.force_login(charlie)
        answers[route] = get_outcome(client, URLS[route].method, address)
    assert answers == {route: entry.stranger for route, entry in URLS.items()}


def test_a_stranger_changes_nothing_by_posting(addresses: dict[str, str], charlie: User, client: Client) -> None:
    client.force_login(charlie)
    before = list(Job.objects.values()), list(Asset.objects.values()), list(Connection.objects.values())
    assert {get_outcome(client, "post", addresses[route]) for route in ALSO_POSTED} == {404}
    assert before == (list(Job.objects.values()), list(Asset.objects.values()), list(Connection.objects.values()))


def test_the_owner_sees_it_all(addresses: dict[str, str], alice: User) -> None:
    answers = {}
    for route, address in addresses.items():
        client = Client()
        client.force_login(alice)
        answers[route] = get_outcome(client, URLS[route].method, address)
    assert answers == {route: entry.owner for route, entry in URLS.items()}


@pytest.mark.parametrize("route", [route for route in URLS if route.startswith("web_api")])
def test_the_api_accepts_no_session(route: str, addresses: dict[str, str], alice: User, client: Client) -> None:
    client.force_login(alice)
    assert client.post(addresses[route]).json()["code"] != 200


def test_a_missing_object_looks_like_someone_elses(addresses: dict[str, str], charlie: User, client: Client) -> None:
    client.force_login(charlie)
    missing = "00000000-0000-4000-8000-000000000000"
    forbidden = client.get(addresses["jobs/<uuid:job>/"])
    absent = client.get(f"/jobs/{missing}/")
    assert (forbidden.status_code, forbidden.content) == (absent.status_code, absent.content)
