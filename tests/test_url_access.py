"""Every URL, requested by everybody: one table of the expected responses to GET and to POST.

The table is compared with the URLconf: a URL without an entry fails the test.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
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

TO_LOGIN = "to login"
Outcome = int | str


@dataclass(frozen=True)
class Expected:
    """The expected responses of a view, by the person who asks."""

    anonymous: Outcome
    stranger: Outcome  # charlie, the owner of another team
    viewer: Outcome
    member: Outcome
    admin: Outcome
    owner: Outcome
    administrator: Outcome  # of the installation, without a membership
    teamless: Outcome


ROLES = [field.name for field in fields(Expected)]

TEAM_PAGE = Expected(TO_LOGIN, 404, 200, 200, 200, 200, 404, 404)
TEAM_REDIRECT = Expected(TO_LOGIN, 404, 302, 302, 302, 302, 404, 404)
FILE = Expected(404, 404, 200, 200, 200, 200, 404, 404)
ADMINS_PAGE = Expected(TO_LOGIN, 404, 403, 403, 200, 200, 404, 404)
ADMINISTRATORS_PAGE = Expected(TO_LOGIN, 403, 403, 403, 403, 403, 200, 403)
ADMINISTRATORS_FORM = Expected(TO_LOGIN, 403, 403, 403, 403, 403, 422, 403)
# Addresses from before there were teams. Those without a team get a page that says so.
OLD_PAGE = Expected(TO_LOGIN, 302, 302, 302, 302, 302, 200, 200)
OWN_PAGE = Expected(TO_LOGIN, *[200] * 7)
# The engine's API has no sessions: without a token it responds with code 30001 and HTTP 200.
API = Expected(*[200] * 8)
NO_TOKEN = Expected(*[401] * 8)
NOT_ALLOWED = Expected(TO_LOGIN, *[405] * 7)
OWN_MISSING = Expected(TO_LOGIN, *[404] * 7)
OWN_REDIRECT = Expected(TO_LOGIN, *[302] * 7)
OWN_REFUSED = Expected(TO_LOGIN, *[422] * 7)
NOBODYS = Expected(*[404] * 8)
FILE_NOT_ALLOWED = Expected(*[405] * 8)

# An empty form is invalid (422) unless the action needs no values (302).
MAKE = Expected(TO_LOGIN, 404, 403, 302, 302, 302, 404, 404)
MAKE_BY_FORM = Expected(TO_LOGIN, 404, 403, 422, 422, 422, 404, 404)
MANAGE_BY_FORM = Expected(TO_LOGIN, 404, 403, 403, 422, 422, 404, 404)
MANAGE_PAGE = Expected(TO_LOGIN, 404, 403, 403, 200, 200, 404, 404)
MANAGE = Expected(TO_LOGIN, 404, 403, 403, 302, 302, 404, 404)
# Alice made the rows, so a member may only see them.
EDIT = Expected(TO_LOGIN, 404, 403, 403, 302, 302, 404, 404)
EDIT_BY_FORM = Expected(TO_LOGIN, 404, 403, 403, 422, 422, 404, 404)
EDIT_PAGE = Expected(TO_LOGIN, 404, 403, 403, 200, 200, 404, 404)
MAKERS = Expected(TO_LOGIN, 404, 403, 403, 403, 403, 404, 404)
OWNERS_PAGE = Expected(TO_LOGIN, 404, 403, 403, 403, 200, 404, 404)
NOT_FOUND = Expected(*[404] * 8)

# The responses to GET and to POST.
URLS = {
    "": (OLD_PAGE, NOT_ALLOWED),
    "features/<slug:slug>/": (OLD_PAGE, NOT_ALLOWED),
    "jobs/": (OLD_PAGE, NOT_ALLOWED),
    "gallery/": (OLD_PAGE, NOT_ALLOWED),
    "usage/": (OLD_PAGE, NOT_ALLOWED),
    "connections/": (OLD_PAGE, NOT_ALLOWED),
    "people/": (ADMINISTRATORS_PAGE, NOT_ALLOWED),
    "people/<int:person>/": (ADMINISTRATORS_PAGE, NOT_ALLOWED),
    "people/<int:person>/owner/": (NOT_ALLOWED, Expected(TO_LOGIN, 403, 403, 403, 403, 403, 404, 403)),
    "people/<int:person>/reset-link/": (NOT_ALLOWED, ADMINISTRATORS_PAGE),
    "people/<int:person>/export/": (NOT_ALLOWED, ADMINISTRATORS_PAGE),
    "people/<int:person>/delete/": (ADMINISTRATORS_PAGE, Expected(TO_LOGIN, 403, 403, 403, 403, 403, 302, 403)),
    "people/<int:person>/<slug:act>/": (NOT_ALLOWED, Expected(TO_LOGIN, 403, 403, 403, 403, 403, 302, 403)),
    "t/<slug:team>/": (TEAM_PAGE, NOT_ALLOWED),
    "t/<slug:team>/features/<slug:slug>/": (TEAM_PAGE, MAKE_BY_FORM),
    "t/<slug:team>/pictures/convert/": (NOT_ALLOWED, MAKE_BY_FORM),
    "t/<slug:team>/jobs/": (TEAM_PAGE, NOT_ALLOWED),
    "t/<slug:team>/gallery/": (TEAM_PAGE, NOT_ALLOWED),
    "t/<slug:team>/usage/": (TEAM_PAGE, NOT_ALLOWED),
    "t/<slug:team>/usage/refresh/": (NOT_ALLOWED, MAKE),
    "t/<slug:team>/usage/history/": (TEAM_PAGE, NOT_ALLOWED),
    "t/<slug:team>/usage/history/csv/": (NOT_ALLOWED, TEAM_PAGE),
    "t/<slug:team>/usage/exports/add/": (NOT_ALLOWED, TEAM_REDIRECT),
    "t/<slug:team>/usage/statement/": (TEAM_PAGE, NOT_ALLOWED),
    # Another person's: each sees their own only.
    "usage/exports/<uuid:export>/": (OWN_MISSING, NOT_ALLOWED),
    "t/<slug:team>/usage/time-zone/": (MANAGE_PAGE, MANAGE_BY_FORM),
    "t/<slug:team>/usage/budgets/": (TEAM_PAGE, NOT_ALLOWED),
    "t/<slug:team>/usage/budgets/add/": (MANAGE_PAGE, MANAGE_BY_FORM),
    "t/<slug:team>/usage/budgets/<uuid:budget>/": (MANAGE_PAGE, MANAGE_BY_FORM),
    "t/<slug:team>/usage/budgets/<uuid:budget>/delete/": (MANAGE_PAGE, MANAGE),
    "t/<slug:team>/usage/prices/": (MANAGE_PAGE, MANAGE_BY_FORM),
    "t/<slug:team>/usage/prices/<int:price>/delete/": (NOT_ALLOWED, MANAGE),
    "t/<slug:team>/connections/": (TEAM_PAGE, NOT_ALLOWED),
    "t/<slug:team>/connections/add/": (TEAM_REDIRECT, MAKE_BY_FORM),
    "t/<slug:team>/people/": (TEAM_PAGE, NOT_ALLOWED),
    # Whoever manages people must administer the installation, too, to make accounts for others.
    "t/<slug:team>/people/add/": (TEAM_REDIRECT, MAKERS),
    "t/<slug:team>/people/invite/": (TEAM_REDIRECT, MANAGE_BY_FORM),
    "t/<slug:team>/people/invitations/<uuid:invitation>/revoke/": (NOT_ALLOWED, MANAGE),
    "t/<slug:team>/people/<int:member>/role/": (MANAGE_PAGE, MANAGE_BY_FORM),
    "t/<slug:team>/people/<int:member>/remove/": (MANAGE_PAGE, MANAGE),
    "t/<slug:team>/leave/": (TEAM_PAGE, TEAM_REDIRECT),
    "t/<slug:team>/settings/": (OWNERS_PAGE, Expected(TO_LOGIN, 404, 403, 403, 403, 422, 404, 404)),
    "t/<slug:team>/delete/": (OWNERS_PAGE, Expected(TO_LOGIN, 404, 403, 403, 403, 302, 404, 404)),
    # The team is open.
    "t/<slug:team>/closed/": (Expected(TO_LOGIN, *[404] * 7), Expected(TO_LOGIN, *[404] * 7)),
    "teams/": (OWN_PAGE, Expected(TO_LOGIN, 403, 403, 403, 403, 403, 422, 403)),
    "invitations/<str:secret>/": (NOT_FOUND, NOT_FOUND),
    "jobs/<uuid:job>/": (TEAM_PAGE, NOT_ALLOWED),
    "jobs/<uuid:job>/progress/": (FILE, FILE_NOT_ALLOWED),
    "jobs/<uuid:active>/cancel/": (NOT_ALLOWED, EDIT),
    "jobs/<uuid:failed>/retry/": (NOT_ALLOWED, EDIT),
    "jobs/<uuid:failed>/when-short/": (NOT_ALLOWED, EDIT),
    "jobs/<uuid:job>/exceed-budget/": (NOT_ALLOWED, Expected(TO_LOGIN, 404, 403, 403, 403, 302, 404, 404)),
    "jobs/<uuid:job>/privacy/": (NOT_ALLOWED, MAKERS),
    "jobs/<uuid:job>/delete/": (EDIT_PAGE, EDIT),
    # Only the secret of a transform opens it.
    "hooks/<str:secret>/": (FILE_NOT_ALLOWED, Expected(*[404] * 8)),
    "gallery/<uuid:asset>/file/": (FILE, FILE_NOT_ALLOWED),
    "gallery/<uuid:asset>/<slug:size>.webp": (FILE, FILE_NOT_ALLOWED),
    "gallery/<uuid:asset>/delete/": (EDIT_PAGE, EDIT),
    "gallery/<uuid:asset>/privacy/": (NOT_ALLOWED, MAKERS),
    "t/<slug:team>/links/": (TEAM_PAGE, NOT_ALLOWED),
    "t/<slug:team>/links/add/": (Expected(TO_LOGIN, 404, 403, 200, 200, 200, 404, 404), MAKE_BY_FORM),
    "links/<uuid:link>/edit/": (EDIT_PAGE, EDIT),
    "links/<uuid:link>/revoke/": (EDIT_PAGE, EDIT),
    # Only the secret of a link opens it, for everybody.
    "s/<str:secret>/": (Expected(*[404] * 8), Expected(*[404] * 8)),
    "s/<str:secret>/<int:number>/<slug:part>.webp": (Expected(*[404] * 8), Expected(*[404] * 8)),
    "s/<str:secret>/<int:number>/<slug:part>/file/": (Expected(*[404] * 8), Expected(*[404] * 8)),
    "connections/<uuid:connection>/check/": (FILE, Expected(404, 404, 403, 302, 302, 302, 404, 404)),
    "connections/<uuid:connection>/edit/": (EDIT_PAGE, EDIT_BY_FORM),
    "connections/<uuid:connection>/spenders/": (NOT_ALLOWED, EDIT_BY_FORM),
    "connections/<uuid:connection>/history/": (MAKERS, MAKERS),
    "connections/<uuid:connection>/keeper/": (NOT_ALLOWED, EDIT_BY_FORM),
    "charges/<int:charge>/match/": (EDIT_PAGE, EDIT_BY_FORM),
    "usage-alerts/<uuid:alert>/dismiss/": (NOT_ALLOWED, EDIT),
    "connections/<uuid:connection>/share/": (MAKERS, MAKERS),
    "connections/<uuid:connection>/unshare/": (NOT_ALLOWED, MAKERS),
    "connections/<uuid:connection>/remove/": (EDIT_PAGE, EDIT),
    "login/": (Expected(200, *[302] * 7), Expected(422, *[302] * 7)),
    "login/code/": (Expected(*[302] * 8), Expected(*[302] * 8)),
    "login/passkey/": (Expected(*[302] * 8), Expected(*[302] * 8)),
    "login/inactive/": (Expected(*[403] * 8), FILE_NOT_ALLOWED),
    "login/with/<slug:provider_id>/": (NOBODYS, NOBODYS),
    "login/with/<slug:provider_id>/callback/": (NOBODYS, NOBODYS),
    "logout/": (FILE_NOT_ALLOWED, Expected(*[302] * 8)),
    "password/": (OWN_PAGE, OWN_REFUSED),
    "password/forgotten/": (Expected(*[200] * 8), Expected(*[422] * 8)),
    "password/new/<str:uidb36>/<str:key>/": (NOBODYS, NOBODYS),
    "sign-up/": (NOBODYS, NOBODYS),
    "sign-up/<str:key>/": (NOBODYS, NOBODYS),
    "account/": (OWN_PAGE, NOT_ALLOWED),
    "account/email/": (OWN_REDIRECT, OWN_REDIRECT),
    "account/email/<str:key>/": (NOBODYS, NOBODYS),
    "account/sessions/end/": (NOT_ALLOWED, OWN_REDIRECT),
    "account/sessions/<int:pk>/end/": (NOT_ALLOWED, OWN_MISSING),
    "account/connected/<int:pk>/remove/": (NOT_ALLOWED, OWN_REDIRECT),
    "account/confirm/": (OWN_PAGE, OWN_REFUSED),
    # Nobody here has a second factor, and everybody is asked for the password first.
    "account/confirm/code/": (OWN_REDIRECT, OWN_REDIRECT),
    "account/confirm/passkey/": (OWN_REDIRECT, OWN_REDIRECT),
    "account/authenticator/": (OWN_REDIRECT, OWN_REDIRECT),
    "account/authenticator/remove/": (OWN_MISSING, OWN_MISSING),
    "account/passkeys/add/": (OWN_REDIRECT, OWN_REDIRECT),
    "account/passkeys/<int:pk>/rename/": (OWN_REDIRECT, OWN_REDIRECT),
    "account/passkeys/<int:pk>/remove/": (OWN_REDIRECT, OWN_REDIRECT),
    "account/recovery-codes/": (OWN_MISSING, NOT_ALLOWED),
    "account/recovery-codes/new/": (OWN_REDIRECT, OWN_REDIRECT),
    "account/recovery-codes/download/": (OWN_MISSING, OWN_MISSING),
    "setup/<str:secret>/": (Expected(*[404] * 8), Expected(*[404] * 8)),
    "t/<slug:team>/audit/": (ADMINS_PAGE, NOT_ALLOWED),
    "t/<slug:team>/audit/export/": (NOT_ALLOWED, ADMINS_PAGE),
    "audit/": (ADMINISTRATORS_PAGE, NOT_ALLOWED),
    "audit/export/": (NOT_ALLOWED, ADMINISTRATORS_PAGE),
    "engine-tokens/": (ADMINISTRATORS_PAGE, ADMINISTRATORS_FORM),
    "engine-tokens/<int:account>/": (ADMINISTRATORS_PAGE, ADMINISTRATORS_FORM),
    # Teams' own tokens can't be revoked.
    "engine-tokens/<int:account>/revoke/": (ADMINISTRATORS_PAGE, ADMINISTRATORS_FORM),
    "status/": (ADMINISTRATORS_PAGE, NOT_ALLOWED),
    "models/": (ADMINISTRATORS_PAGE, NOT_ALLOWED),
    "styleguide/": (ADMINISTRATORS_PAGE, NOT_ALLOWED),
    "account/tokens/": (OWN_PAGE, Expected(TO_LOGIN, *[422] * 7)),
    # Only the person's own.
    "account/tokens/<uuid:token>/revoke/": (NOT_ALLOWED, Expected(TO_LOGIN, 404, 404, 404, 404, 404, 404, 404)),
    "t/<slug:team>/webhooks/": (MANAGE_PAGE, MANAGE_BY_FORM),
    "webhooks/<uuid:webhook>/": (MANAGE_PAGE, MANAGE_BY_FORM),
    "webhooks/<uuid:webhook>/take-over/": (NOT_ALLOWED, MANAGE),
    "webhooks/<uuid:webhook>/delete/": (MANAGE_PAGE, MANAGE),
    "webhooks/<uuid:webhook>/deliveries/<uuid:delivery>/send/": (NOT_ALLOWED, MANAGE),
    "api/v1/docs": (OWN_PAGE, NOT_ALLOWED),
    # The site's own API has no sessions: only a token opens it (tests/api/).
    "api/v1/me": (NO_TOKEN, FILE_NOT_ALLOWED),
    "api/v1/features": (NO_TOKEN, FILE_NOT_ALLOWED),
    "api/v1/usage": (NO_TOKEN, FILE_NOT_ALLOWED),
    "api/v1/usage/records": (NO_TOKEN, FILE_NOT_ALLOWED),
    "api/v1/pictures": (NO_TOKEN, NO_TOKEN),
    "api/v1/pictures/<uuidstr:picture_id>": (NO_TOKEN, FILE_NOT_ALLOWED),
    "api/v1/pictures/<uuidstr:picture_id>/file": (NO_TOKEN, FILE_NOT_ALLOWED),
    "api/v1/jobs": (NO_TOKEN, NO_TOKEN),
    "api/v1/jobs/<uuidstr:job_id>": (NO_TOKEN, FILE_NOT_ALLOWED),
    "api/v1/jobs/<uuidstr:job_id>/cancel": (FILE_NOT_ALLOWED, NO_TOKEN),
    "api/v1/jobs/<uuidstr:job_id>/retry": (FILE_NOT_ALLOWED, NO_TOKEN),
    "api/v1/openapi.json": (Expected(*[200] * 8), FILE_NOT_ALLOWED),
    "api/v1/": (Expected(*[404] * 8), FILE_NOT_ALLOWED),
    "web_api/v1/upload": (API, API),
    "web_api/v1/transform": (API, API),
    "web_api/v1/progress": (API, API),
    "web_api/v1/download": (API, API),
    "web_api/v1/cancel": (API, API),
    "web_api/v1/point": (API, API),
    "web_api/v1/points/record": (API, API),
    "web_api/v1/^(?P<path>.*)$": (API, API),
    "^web_api(?:/(?P<path>.*))?$": (API, API),
}
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
