"""Everything that people read can be translated: pages are asked in a language that brackets what gettext gives it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.core import signing
from django.http import HttpResponse
from django.template import engines
from django.template.base import Lexer, TokenType
from django.test import Client, RequestFactory
from django.utils import timezone
from django.views import defaults
from django.views.csrf import csrf_failure

from tests.api.factories import WEBHOOK_ERROR
from tests.conftest import PASSWORD
from tests.factories import HELD_REASON, make_charge, make_hosted_connection, make_job, make_result, make_upload
from tests.pseudo_language import OPEN, find_untranslated, pseudo_language
from tests.test_url_access import ROW_POSTS, fill_addresses
from tests.url_table import URLS
from vanceweb.accounts.mail import CONFIRM_SALT, SIGN_UP_SALT
from vanceweb.catalogue.features import FEATURES
from vanceweb.engine.inventory import describe_backends
from vanceweb.jobs.models import Job
from vanceweb.ops import setup_link
from vanceweb.teams.models import AuditEvent, Role, Team, User
from vanceweb.teams.services import create_user
from vanceweb.usage.models import HistorySync
from vanceweb.vault.models import Connection

HTMX = {"HX-Request": "true"}
SENTENCE = "Lorem ipsum dolor."
# What people and services have written, and addresses.
DATA = ("alice", "bob", "mona", "Acme",
        "Elsewhere", "holiday.png", "holiday_x2.png", "Home", "Studio plan", "cdef", "span (ncnn)",
        "Shop", "EUR", "https://shop.example/hooks/jobs", WEBHOOK_ERROR,
        SENTENCE, HELD_REASON, "https://api.example/web_api/v1", settings.HOSTED_BASE_URL)  # fmt: skip


@pytest.fixture
def owner(alice: User, settings: Any, tmp_path: Path) -> User:
    """Alice, on an installation without models, with a team and a connection that have names of her own."""
    settings.MODELS_DIR = settings.DATA_DIR = tmp_path
    Team.objects.update(name="Acme")
    # Those of the set-up name the team as it was.
    AuditEvent.objects.all().remove_older_than(timezone.now())
    Connection.objects.update(name="Home")
    return alice


@pytest.fixture
def visitor(owner: User) -> Client:
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def pseudo() -> Iterator[None]:
    with pseudo_language():
        yield


def assert_translated(pages: dict[str, Any], *more: str) -> None:
    """Fail with each untranslated text and the pages that show it. `more` is data that only these pages have."""
    shown_by: dict[str, list[str]] = {}
    for name, page in pages.items():
        assert OPEN in page.content.decode(), f"{name} is no page in the pseudo-language"
        for text in find_untranslated(page.content.decode(), [*DATA, *more]):
            shown_by.setdefault(text, []).append(name)
    assert not shown_by, "\n".join(f"{text!r} on {', '.join(names)}" for text, names in shown_by.items())


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('<p>{% translate "Hello" %} · 2,000 × 10 px</p><kbd>Esc</kbd>', []),
        ('<p>{% translate "Hello" %}</p><p>Planted</p>', ["Planted"]),
        ('<a title="Planted">{% translate "Hello" %}</a>', ["Planted"]),
        ('<img alt="{% translate "Hello" %}" src="planted.png">', []),
        ('<p data-text-sorry="Planted"></p>', ["Planted"]),
        ('<p>{% translate "Hello" %} planted</p>', ["⟦Hello⟧ planted"]),
        ("<p>{% blocktranslate %}Hello <b>world</b>, goodbye{% endblocktranslate %}</p>", []),
        ("<p>{% blocktranslate %}Hello{% endblocktranslate %} <b>planted</b></p>", ["planted"]),
        ("<p>{% blocktranslate count n=2 %}{{ n }} one{% plural %}{{ n }} many{% endblocktranslate %}</p>", []),
        ('<p>{{ label|truncatechars:4 }}</p>{% translate "Hello" context "greeting" %}', ["1 brackets are left open"]),
    ],
)
def test_an_unwrapped_text_is_found(source: str, found: list[str], pseudo: None) -> None:
    page = engines["django"].from_string(source).render({"label": "⟦Hello⟧"})
    assert find_untranslated(page) == found


def test_every_branch_of_every_template() -> None:
    templates = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
    assert len(templates) > 30
    texts = {str(path): find_untranslated(take_unwrapped(path.read_text("utf-8"))) for path in templates}
    assert {path: found for path, found in texts.items() if found} == {}


def take_unwrapped(source: str) -> str:
    """Return a template's HTML without its tags and translated blocks, and with 0 for each variable."""
    html, is_skipped = "", False
    for token in Lexer(source).tokenize():
        if token.token_type is TokenType.BLOCK and re.match(
            r"(end)?blocktranslate|(end)?block page_class", token.contents
        ):
            is_skipped = not token.contents.startswith("end")
        elif not is_skipped and token.token_type in (TokenType.TEXT, TokenType.VAR):
            html += token.contents if token.token_type is TokenType.TEXT else "0"
    return html


def test_every_page_of_the_table(owner: User, visitor: Client) -> None:
    addresses = fill_addresses(owner)
    backends = [str(text) for row in describe_backends() for text in (row["slot"], row["backend"], row["licence"],
                row["source"], row["reason"], *row["files"])]  # fmt: skip
    bundled = Connection.objects.get(service="bundled")
    with pseudo_language():
        pages = {route: visitor.get(address) for route, address in addresses.items() if is_page(route)}
        pages |= {f"POST {route}": visitor.post(addresses[route], follow=True) for route in ROW_POSTS}
    assert len(pages) > 20
    zones = available_timezones()
    assert_translated(pages, *backends, str(settings.MODELS_DIR), bundled.token_last4, *zones)


def is_page(route: str) -> bool:
    get, _post = URLS[route]
    # Alice is an administrator, too, and made the rows.
    is_hers = get.owner == 200 or route in ("models/", "connections/<uuid:connection>/share/")
    # The calls of the API are described in one language, for programs.
    return is_hers and not re.match(r"\^?web_api|api/v1/|.*/(file/|<slug:size>\.webp)$", route)


@pytest.mark.parametrize("slug", [feature.slug for feature in FEATURES])
def test_every_feature(slug: str, owner: User, visitor: Client, pseudo: None) -> None:
    source, address = make_upload(owner), f"/t/studio/features/{slug}/"
    pages = {
        "empty": visitor.get(address),
        "with a picture": visitor.get(address, {"source": source.uuid}),
        "refused": visitor.post(address, {"dpi": "-1"}),
    }
    Connection.objects.all().delete()
    assert_translated(pages | {"without a connection": visitor.get(address)})


@pytest.mark.parametrize("state", Job.State.values)
def test_every_state_of_a_job(state: str, owner: User, visitor: Client, pseudo: None) -> None:
    plain = make_job(owner, state=state)
    rich = make_job(owner, state=state, percent=40.0, setbacks=1, backend="span (ncnn)", note=SENTENCE, error=SENTENCE,
                  error_code=30004, trans_id="a" * 32)  # fmt: skip
    bare = make_job(owner, state=state, source=None)
    pages = {}
    for job in (plain, rich, bare):
        address = f"/jobs/{job.uuid}/"
        pages |= {
            f"{address}": visitor.get(address),
            f"{address} part": visitor.get(f"{address}progress/", headers=HTMX),
        }
    pages |= {
        "studio": visitor.get("/t/studio/"),
        "list": visitor.get("/t/studio/jobs/"),
        "delete": visitor.get(f"{address}delete/"),
    }
    pages |= {"again": visitor.get("/t/studio/features/enlarge3/", {"from": plain.uuid})}
    pages["private"] = visitor.post(f"{address}privacy/", {"private": "1"}, follow=True)
    for act in ("privacy", "cancel", "retry", "delete"):
        pages[act] = visitor.post(f"{address}{act}/", follow=True)
    assert_translated(pages)


def test_lists_with_more_than_a_page_and_with_nothing(
    owner: User, bob: User, charlie: User, visitor: Client, settings: Any, pseudo: None
) -> None:
    settings.JOBS_PAGE_ROWS = settings.GALLERY_PAGE_TILES = settings.USAGE_PAGE_ROWS = 1
    for minutes in range(2):
        make_result(owner), make_job(owner), make_charge(owner, minutes_ago=minutes)
    pages = {}
    for address in ("/t/studio/jobs/", "/t/studio/gallery/"):
        pages[address] = visitor.get(address)
        pages[f"{address} after"] = visitor.get(address, {"after": pages[address].context["next"]})
    pages["history"] = visitor.get("/t/studio/usage/history/")
    pages["history after"] = visitor.get("/t/studio/usage/history/", {"after": pages["history"].context["page"].next})
    for user, team in ((bob, "studio"), (charlie, "elsewhere")):
        visitor.force_login(user)
        for page in ("", "jobs/", "gallery/", "usage/", "usage/history/", "usage/statement/"):
            pages[f"{page} of {user}"] = visitor.get(f"/t/{team}/{page}")
    assert_translated(pages, "charlie", "Bundled engine")


def test_pages_of_a_viewer_and_of_a_person_without_a_team(owner: User, bob: User, visitor: Client) -> None:
    addresses = fill_addresses(owner)
    bob.memberships.update(role=Role.VIEWER)
    visitor.force_login(bob)
    with pseudo_language():
        pages = {route: visitor.get(addresses[route]) for route in URLS if is_page(route)}
        visitor.force_login(create_user(username="tess", password=PASSWORD))
        pages["no team"] = visitor.get("/")
    assert_translated(pages, "tess", Connection.objects.get(service="bundled").token_last4)


def test_connections_in_every_state(owner: User, visitor: Client, pseudo: None) -> None:
    names = ("First plan", "Second plan", "Third plan")
    for name, state in zip(names, Connection.CheckState.values, strict=True):
        connection = make_hosted_connection(owner, name=name, check_state=state, last_error=SENTENCE)
        HistorySync.objects.create(connection=connection, last_error=SENTENCE)
    Connection.objects.filter(name="Home").update(granted=2, used=1, checked_at=timezone.now())
    address = f"/connections/{connection.uuid}/edit/"
    pages = {
        "list": visitor.get("/t/studio/connections/"),
        "usage": visitor.get("/t/studio/usage/"),
        "refresh": visitor.post("/t/studio/usage/refresh/", follow=True),
        "name": visitor.post(address, {"name": ""}),
        "same name": visitor.post(address, {"name": "First plan"}),
        "token": visitor.post(address, {"token": " "}),
        "renamed": visitor.post(address, {"name": "Studio plan"}, follow=True),
        "shared": visitor.post(f"/connections/{connection.uuid}/share/", follow=True),
        "unshared": visitor.post(f"/connections/{connection.uuid}/unshare/", follow=True),
    }
    for given in (
        {},
        {"name": "First plan", "token": "t"},
        {"name": "bob", "token": "t", "base_url": "ftp://elsewhere/"},
    ):
        pages[f"add {given}"] = visitor.post("/t/studio/connections/add/", given, follow=True)
    bundled = Connection.objects.get(service="bundled")
    pages["bundled stays"] = visitor.post(f"/connections/{bundled.uuid}/remove/", follow=True)
    assert_translated(pages, *names, bundled.token_last4)


def test_people_and_passwords(owner: User, visitor: Client, pseudo: None) -> None:
    def person(name: str, first: str, second: str) -> dict[str, str]:
        return {"username": name, "password1": first, "password2": second}

    def change(old: str, new: str) -> dict[str, str]:
        return {"old_password": old, "new_password1": new, "new_password2": new}

    pages = {
        "add nobody": visitor.post("/t/studio/people/add/", {}),
        "add alice": visitor.post("/t/studio/people/add/", person("alice", PASSWORD, PASSWORD)),
        "add a wrong one": visitor.post("/t/studio/people/add/", person("a b", "12345", "1234")),
        "add a weak one": visitor.post("/t/studio/people/add/", person("bob", "12345", "12345")),
        "add a chief": visitor.post("/t/studio/people/add/", person("bob", PASSWORD, PASSWORD) | {"role": "chief"}),
        "add bob": visitor.post(
            "/t/studio/people/add/", person("bob", PASSWORD, PASSWORD) | {"role": "viewer"}, follow=True
        ),
        "wrong password": visitor.post("/password/", change("wrong", "12345")),
        "changed": visitor.post("/password/", change(PASSWORD, "another fine sentence"), follow=True),
    }
    assert User.objects.filter(username="bob").exists()
    assert_translated(pages, "chief")


def test_the_account_and_second_factors(owner: User, visitor: Client, pseudo: None) -> None:
    key = signing.dumps([owner.pk, "alice@studio.example"], salt=CONFIRM_SALT)
    pages = {
        "account": visitor.get("/account/"),
        "is it you": visitor.get("/account/confirm/"),
        "it isn't": visitor.post("/account/confirm/", {"password": "wrong"}),
        "it is": visitor.post("/account/confirm/?next=/account/authenticator/", {"password": PASSWORD}, follow=True),
        "address": visitor.get("/account/email/"),
        "asked for an address": visitor.get("/account/email/?ask=1"),
        "no address": visitor.post("/account/email/", {"email": "nothing"}),
        "noted": visitor.post("/account/email/", {"email": "alice@studio.example"}, follow=True),
        "to be confirmed": visitor.get(f"/account/email/{key}/"),
        "wrong code": visitor.post("/account/authenticator/", {"code": "1"}),
        "passkey": visitor.get("/account/passkeys/add/"),
        "refused passkey": visitor.post("/account/passkeys/add/", {"credential": "{}"}),
        "no factor yet": visitor.post("/account/recovery-codes/new/"),
    }
    secret = visitor.session["mfa.totp.secret"]
    TOTP.activate(owner, secret)
    RecoveryCodes.activate(owner)
    pages |= {
        "account with factors": visitor.get("/account/"),
        "remove": visitor.get("/account/authenticator/remove/"),
        "codes": visitor.get("/account/recovery-codes/"),
        "new codes": visitor.get("/account/recovery-codes/new/"),
        "created": visitor.post("/account/recovery-codes/new/", follow=True),
        "confirm by code": visitor.get("/account/confirm/code/"),
        "wrong recovery code": visitor.post("/account/confirm/code/", {"code": "1"}),
        "removed": visitor.post("/account/authenticator/remove/", follow=True),
        "browsers": visitor.post("/account/sessions/end/", follow=True),
    }
    assert_translated(pages, "alice@studio.example", secret)


def test_before_anybody_is_signed_in(db: None, settings: Any, tmp_path: Path, client: Client, pseudo: None) -> None:
    settings.DATA_DIR = tmp_path
    settings.HAS_MAIL, settings.SIGN_UP, settings.SIGN_UP_DOMAINS = True, "domains", ["studio.example"]
    address = f"/setup/{setup_link.create_secret()}/"
    wrong = {"login": "alice", "password": "wrong"}
    pages = {
        "first": client.get("/login/"),
        "set up": client.get(address),
        "set up without a name": client.post(address, {}),
        "wrong": client.post("/login/", wrong),
        "locked": [client.post("/login/", wrong) for _ in range(10)][-1],
        "forgotten": client.get("/password/forgotten/"),
        "no address": client.post("/password/forgotten/", {"email": "nothing"}),
        "sent": client.post("/password/forgotten/", {"email": "bob@studio.example"}),
        "sign up": client.get("/sign-up/"),
        "sign up elsewhere": client.post("/sign-up/", {"email": "bob@elsewhere.example"}),
        "signed up": client.post("/sign-up/", {"email": "bob@studio.example"}),
        "finish": client.get(f"/sign-up/{signing.dumps('bob@studio.example', salt=SIGN_UP_SALT)}/"),
        "inactive": client.get("/login/inactive/"),
    }
    assert pages["locked"].status_code == 429
    User.objects.create_user("bob")
    settings.HAS_MAIL = False
    without_mail = {"sign in": client.get("/login/"), "forgotten": client.get("/password/forgotten/")}
    assert_translated(pages | without_mail, "elsewhere.example", "bob@studio.example")


def test_error_pages(bob: User, visitor: Client, rf: RequestFactory, pseudo: None) -> None:
    request = rf.get("/")
    by_hand: dict[str, Callable[[], HttpResponse]] = {
        "400": lambda: defaults.bad_request(request, Exception()),
        "403 csrf": lambda: csrf_failure(request),
        "500": lambda: defaults.server_error(request),
    }
    pages: dict[str, Any] = {name: view() for name, view in by_hand.items()}
    visitor.force_login(bob)
    pages |= {"403": visitor.get("/models/"), "404": visitor.get("/nowhere/")}
    assert [page.status_code for page in pages.values()] == [400, 403, 500, 403, 404]
    assert_translated(pages)


def test_scripts_have_no_sentences_of_their_own() -> None:
    sentence = re.compile(r"""["'`][^"'`\n]*\b[A-Z][a-z]+ [a-z]+[^"'`\n]*["'`]""")
    scripts = sorted((settings.BASE_DIR / "static" / "js").glob("*.js"))
    assert len(scripts) > 5
    assert {script.name: sentence.findall(script.read_text("utf-8")) for script in scripts} == {
        script.name: [] for script in scripts
    }
