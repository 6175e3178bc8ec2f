"""Every URL, requested by everybody: one table of the expected responses to GET and to POST.

The table is compared with the URLconf: a URL without an entry fails the test.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from tests.api.factories import make_webhook
from tests.conftest import PASSWORD, as_actor
from tests.factories import make_alert, make_charge, make_export, make_hosted_connection, make_job
from tests.url_table import ROLES, TEAM_PAGE, TO_LOGIN, URLS, Outcome
from vanceweb.budgets.models import Budget, CreditPrice
from vanceweb.engine.models import Account
from vanceweb.gallery.link_services import create_link
from vanceweb.gallery.models import Asset, ShareLink
from vanceweb.jobs.models import Job
from vanceweb.ops.services import create_person
from vanceweb.teams.models import Invitation, Membership, Role, User
from vanceweb.teams.services import create_user
from vanceweb.usage.models import UsageRecord
from vanceweb.vault.models import Connection

ROW_MODELS: tuple[Any, ...] = (Job, Asset, ShareLink, Connection, UsageRecord)
# The requests whose answer shows a new secret, once, to whoever asked for it.
SHOWN_ONCE = {("post", "engine-tokens/"), ("post", "account/tokens/"), ("post", "t/<slug:team>/webhooks/")}
TEAM_PAGES = [route for route, (get, _post) in URLS.items() if route.startswith("t/") and get == TEAM_PAGE]
# Without those that never are private, or that only a token opens.
NEVER_PRIVATE = ("t/", "account/", "api/", "webhooks/")
ROWS = [route for route in URLS if "<uuid:" in route and not route.startswith(NEVER_PRIVATE)]
ROW_POSTS = [route for route in ROWS if URLS[route][1].owner != 405]
# Whoever made a row may do to it what owners may, and these.
MAKERS_OUTCOMES: dict[str, list[Outcome]] = {
    "jobs/<uuid:job>/privacy/": [405, 302],
    # A budget limits whoever made the job, too.
    "jobs/<uuid:job>/exceed-budget/": [405, 403],
    "gallery/<uuid:asset>/privacy/": [405, 302],
    "connections/<uuid:connection>/history/": [200, 422],
    "connections/<uuid:connection>/share/": [200, 302],
    "connections/<uuid:connection>/unshare/": [405, 302],
}


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
    names = (
        "job",
        "active",
        "failed",
        "asset",
        "link",
        "connection",
        "invitation",
        "token",
        "webhook",
        "alert",
        "export",
        "budget",
    )
    for name in names:
        route = route.replace(f"<uuid:{name}>", "<uuid:uuid>")
    for name in ("member", "person", "account", "charge"):
        route = route.replace(f"<int:{name}>", "<int:pk>")
    return route


def fill_addresses(user: User, *, private_to: User | None = None) -> dict[str, str]:
    """Return the URL of each route of the table, with the ids of objects that the user makes in their team."""
    job = make_job(user)
    assert job.result is not None
    team = as_actor(user).team
    invitation = Invitation.objects.create(team=team, role=Role.VIEWER, expires_at=timezone.now() + timedelta(days=1))
    mona = create_user(username="mona", password=PASSWORD)
    values = {
        "<uuid:invitation>": invitation.uuid,
        "<int:member>": Membership.objects.create(team=team, user=mona, role=Role.MEMBER).pk,
        "<slug:team>": team.slug,
        "<int:person>": mona.pk,
        "<slug:act>": "deactivate",
        "<uuid:job>": job.uuid,
        "<uuid:active>": make_job(user, state=Job.State.QUEUED, source=job.source).uuid,
        "<uuid:failed>": make_job(user, state=Job.State.FAILED, source=job.source).uuid,
        "<uuid:asset>": job.result.uuid,
        "<uuid:link>": create_link(actor=as_actor(user), pictures=[job.result], title="Home").uuid,
        "<uuid:connection>": (connection := make_hosted_connection(user)).uuid,
        "<uuid:alert>": make_alert(connection).uuid,
        "<int:charge>": make_charge(user).pk,
        "<uuid:export>": make_export(mona, team=team).uuid,
        "<int:account>": Account.objects.order_by("pk")[0].pk,
        "<int:pk>": 1,
        "<uuid:webhook>": (webhook := make_webhook(user)).uuid,
        "<uuid:budget>": Budget.objects.create(team=team, person=mona, credits=999).uuid,
        "<int:price>": CreditPrice.objects.create(team=team, price=1, currency="EUR", valid_from="2026-01-01").pk,
        "<uuid:delivery>": webhook.deliveries.get().uuid,
        "<uuid:token>": uuid4(),
        "<uuidstr:picture_id>": job.result.uuid,
        "<uuidstr:job_id>": job.uuid,
        "<slug:slug>": "enlarge3",
        "<slug:size>": "tile",
        "<str:secret>": "guessed",
        "<str:uidb36>": "1",
        "<str:key>": "guessed-key",
        "<slug:provider_id>": "nobody",
        "<int:number>": 1,
        "<slug:part>": "after",
        "^(?P<path>.*)$": "nothing/here",
        "^web_api(?:/(?P<path>.*))?$": "web_api/v2/upload",
    }
    for model in ROW_MODELS:
        model.objects.filter(created_by=user).update(private_to=private_to)  # type: ignore[attr-defined]
    filled = {}
    for route in URLS:
        address = f"/{route}"
        for written, value in values.items():
            address = address.replace(written, str(value))
        filled[route] = address
    return filled


@pytest.fixture(autouse=True)
def models_dir(settings: Any, tmp_path: Path) -> None:
    """An installation without models: loading each of them for the page of models takes seconds."""
    settings.MODELS_DIR = tmp_path


@pytest.fixture
def people(alice: User, bob: User, charlie: User) -> dict[str, User | None]:
    """Somebody for each column of the table."""

    def add(name: str, role: Role) -> User:
        return create_person(actor=as_actor(alice), username=name, password=PASSWORD, role=role)

    return {
        "anonymous": None,
        "stranger": charlie,
        "viewer": add("victor", Role.VIEWER),
        "member": bob,
        "admin": add("ada", Role.ADMIN),
        "owner": add("olivia", Role.OWNER),
        "administrator": create_user(username="andrew", password=PASSWORD, is_administrator=True),
        "teamless": create_user(username="tess", password=PASSWORD),
    }


def may_not_be_stored(response: Any) -> bool:
    """Return whether no cache keeps the response. Only a picture may stay, in its person's own browser."""
    rules = set(response["Cache-Control"].split(", "))
    is_picture = response["Content-Type"].startswith("image/")
    return "no-store" in rules or (is_picture and {"private", "immutable"} <= rules)


def get_outcome(session: str | None, method: str, address: str) -> Outcome:
    """Return the status of a response to whoever has the session's key. The request's changes are undone."""
    client = Client()
    if session is not None:
        client.cookies[settings.SESSION_COOKIE_NAME] = session
    with transaction.atomic():
        response = client.generic(method, address)
        transaction.set_rollback(True)
    assert may_not_be_stored(response), address
    if response.status_code == 302 and response["Location"].startswith("/login/"):
        return TO_LOGIN if "next=" in response["Location"] else 302
    return int(response.status_code)


def get_outcomes(user: User | None, addresses: dict[str, str], routes: list[str]) -> dict[str, list[Outcome]]:
    session = None
    if user is not None:
        (client := Client()).force_login(user)
        session = client.session.session_key
    return {route: [get_outcome(session, method, addresses[route]) for method in ("GET", "POST")] for route in routes}


def get_expected(role: str, routes: list[str]) -> dict[str, list[Outcome]]:
    return {route: [getattr(expected, role) for expected in URLS[route]] for route in routes}


def read_rows() -> list[object]:
    return [list(model.objects.order_by("pk").values()) for model in ROW_MODELS]  # type: ignore[attr-defined]


def test_every_url_of_the_site_is_in_the_table() -> None:
    # A call of the API has an entry for each of its methods.
    assert sorted(set(walk_routes(get_resolver().url_patterns))) == sorted(map(to_urlconf_route, URLS))


@pytest.mark.parametrize("role", ROLES)
def test_every_url_with_rows_of_the_team(role: str, people: dict[str, User | None], alice: User) -> None:
    addresses = fill_addresses(alice)
    assert get_outcomes(people[role], addresses, list(URLS)) == get_expected(role, list(URLS))


@pytest.mark.parametrize("keys", [[Fernet.generate_key().decode()], ["not-a-key"]], ids=["wrong", "malformed"])
def test_line_22_every_url_answers_the_same_with_a_wrong_vault_key(alice: User, settings: Any, keys: list[str]) -> None:
    make_charge(alice)
    addresses = fill_addresses(alice)
    expected = get_outcomes(alice, addresses, list(URLS))
    assert {200, 302} <= {outcome for outcomes in expected.values() for outcome in outcomes}
    settings.VAULT_KEYS = keys
    assert get_outcomes(alice, addresses, list(URLS)) == expected


@pytest.mark.parametrize("role", ROLES)
def test_a_private_row_is_missing_for_all_but_its_person(role: str, people: dict[str, User | None], bob: User) -> None:
    addresses = fill_addresses(bob, private_to=bob)
    if role == "member":
        expected = get_expected("owner", ROWS) | MAKERS_OUTCOMES
    else:
        expected = get_expected("anonymous" if role == "anonymous" else "stranger", ROWS)
    assert get_outcomes(people[role], addresses, ROWS) == expected


@pytest.mark.parametrize("role", ["anonymous", "owner"])
def test_28_every_page_says_no_store(role: str, people: dict[str, User | None], alice: User) -> None:
    addresses = [*fill_addresses(alice).values(), "/nowhere/", "/healthz", "/static/nothing.css"]
    client = Client(raise_request_exception=False)
    if user := people[role]:
        client.force_login(user)
    for address in addresses:
        for method in ("GET", "HEAD", "OPTIONS"):
            assert may_not_be_stored(client.generic(method, address)), address


def test_members_may_do_all_to_rows_of_their_own(bob: User) -> None:
    assert get_outcomes(bob, fill_addresses(bob), ROWS) == get_expected("owner", ROWS) | MAKERS_OUTCOMES


def test_viewers_may_take_back_connections_of_their_own(bob: User) -> None:
    addresses = fill_addresses(bob)
    bob.memberships.update(role=Role.VIEWER)
    withdrawals: dict[str, list[Outcome]] = {
        "links/<uuid:link>/revoke/": [200, 302],
        "connections/<uuid:connection>/unshare/": [405, 302],
        "connections/<uuid:connection>/remove/": [200, 302],
        # The alert about their own token.
        "usage-alerts/<uuid:alert>/dismiss/": [405, 302],
    }
    assert get_outcomes(bob, addresses, ROWS) == get_expected("viewer", ROWS) | withdrawals


def test_lists_show_private_rows_to_their_person_only(people: dict[str, User | None], bob: User) -> None:
    addresses = fill_addresses(bob, private_to=bob)
    uuids = [str(uuid) for model in ROW_MODELS if model is not UsageRecord for uuid in get_private_uuids(model)]
    shown_to = {}
    for role in ("viewer", "member", "admin", "owner"):
        shown = {route: read_page(people[role], addresses[route]) for route in TEAM_PAGES}
        shown_to[role] = {route for route, page in shown.items() if any(uuid in page for uuid in uuids)}
    pages = ("", "features/<slug:slug>/", "jobs/", "gallery/", "links/", "connections/")
    # The usage page has the alert about their connection.
    lists = {f"t/<slug:team>/{page}" for page in (*pages, "usage/")}
    assert shown_to == {"viewer": set(), "member": lists, "admin": set(), "owner": set()}


def get_private_uuids(model: Any) -> Iterator[object]:
    yield from model.objects.exclude(private_to=None).values_list("uuid", flat=True)


def read_page(user: User | None, address: str) -> str:
    assert user is not None
    client = Client()
    client.force_login(user)
    return client.get(address).content.decode()


@pytest.mark.parametrize("role", ROLES)
def test_a_refused_post_changes_nothing(role: str, people: dict[str, User | None], alice: User) -> None:
    addresses, client = fill_addresses(alice), Client()
    if (user := people[role]) is not None:
        client.force_login(user)
    before = read_rows()
    refused = [route for route in ROW_POSTS if getattr(URLS[route][1], role) in (TO_LOGIN, 403, 404)]
    assert (len(refused) == len(ROW_POSTS)) is (role not in ("member", "admin", "owner"))
    for route in refused:
        client.post(addresses[route])
    assert before == read_rows()


def test_nobody_changes_a_private_row_of_somebody_else(people: dict[str, User | None], bob: User) -> None:
    addresses = fill_addresses(bob, private_to=bob)
    before = read_rows()
    for role in ("stranger", "admin", "owner", "administrator"):
        client, user = Client(), people[role]
        assert user is not None
        client.force_login(user)
        assert {client.post(addresses[route]).status_code for route in ROW_POSTS} == {404}
    assert before == read_rows()


@pytest.mark.parametrize("route", [route for route in URLS if route.startswith(("web_api", "^web_api"))])
def test_the_api_accepts_no_session(route: str, alice: User, client: Client) -> None:
    client.force_login(alice)
    assert client.post(fill_addresses(alice)[route]).json()["code"] != 200


@pytest.mark.parametrize("role", ["stranger", "admin", "owner", "administrator", "teamless"])
def test_a_missing_object_looks_like_someone_elses(
    role: str, people: dict[str, User | None], bob: User, client: Client
) -> None:
    user = people[role]
    assert user is not None
    client.force_login(user)
    forbidden = client.get(fill_addresses(bob, private_to=bob)["jobs/<uuid:job>/"])
    absent = client.get("/jobs/00000000-0000-4000-8000-000000000000/")
    assert (forbidden.status_code, forbidden.content) == (absent.status_code, absent.content)


def test_a_missing_team_looks_like_someone_elses(alice: User, charlie: User, client: Client) -> None:
    client.force_login(charlie)
    forbidden, absent = client.get("/t/studio/"), client.get("/t/nowhere/")
    assert forbidden.status_code == absent.status_code == 404
    assert forbidden.content == absent.content
