"""Sign-in by OpenID Connect against a real provider: which account opens, who gets one, and who doesn't."""

import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import Client
from environs import Env

from tests.conftest import PASSWORD, as_actor
from tests.oidc_provider import Provider, run_provider
from vanceweb.accounts.services import deactivate_person, note_email, set_email
from vanceweb.lib.oidc_providers import build_app, list_origins
from vanceweb.ops.services import set_up_installation
from vanceweb.teams.audit import COMMAND
from vanceweb.teams.invitations import create_invitation
from vanceweb.teams.models import AuditAction, AuditEvent, Role, User

pytestmark = pytest.mark.django_db
START = "/login/with/company/"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with run_provider(tmp_path_factory.mktemp("provider")) as provider:
        yield provider


@pytest.fixture
def company(provider: Provider, settings: Any) -> None:
    """The provider, believed for addresses of studio.example."""
    settings.OIDC_APPS = [provider.build_app("studio.example")]


def enter(name: str, url: str) -> str:
    """Go to the provider's address as a browser does, sign in there, and return the path it leads back to."""
    session = requests.Session()
    page = session.get(url, timeout=30)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    onward = re.search(r'name="next" value="([^"]*)"', page.text)
    assert token
    assert onward
    given = {
        "csrfmiddlewaretoken": token[1],
        "next": onward[1].replace("&amp;", "&"),
        "username": name,
        "password": PASSWORD,
    }
    answer = session.post(page.url, data=given, timeout=30, allow_redirects=False)
    while urlsplit(answer.headers["Location"]).hostname != "testserver":
        target = requests.compat.urljoin(answer.url, answer.headers["Location"])  # type: ignore[attr-defined]
        answer = session.get(target, timeout=30, allow_redirects=False)
    parts = urlsplit(answer.headers["Location"])
    return f"{parts.path}?{parts.query}"


def read(answer: Any) -> str:
    """Return the page's text as people read it."""
    return html.unescape(answer.content.decode())


def sign_in(client: Client, name: str, start: str = START) -> HttpResponse:
    """Return the site's answer to the browser that comes back from the provider."""
    answer: Any = client.post(start)
    assert answer.status_code == 302
    return client.get(enter(name, answer["Location"]))  # type: ignore[return-value]


def test_a_confirmed_address_that_the_provider_vouches_for_opens_its_account(
    alice: User, company: None, client: Client
) -> None:
    set_email(user=alice, email="alice@studio.example", by=COMMAND)
    assert "Sign in with Company" in client.get("/login/").content.decode()
    answer: Any = client.post(START, {"next": "/t/studio/jobs/"})
    assert client.get(enter("alice", answer["Location"]))["Location"] == "/t/studio/jobs/"
    assert client.get("/t/studio/jobs/").status_code == 200
    assert SocialAccount.objects.get().user == alice
    assert User.objects.get(pk=alice.pk).check_password(PASSWORD)
    assert AuditEvent.objects.filter(action=AuditAction.SIGN_IN_CONNECTED, target_name="alice").exists()
    # From now on it is the connection that counts, not the address.
    set_email(user=alice, email="other@studio.example", by=COMMAND)
    assert sign_in(other := Client(), "alice")["Location"] == "/"
    assert other.get("/account/").status_code == 200


@pytest.mark.parametrize(
    ("name", "case"),
    [("alice", "not confirmed here"), ("una", "not verified there"), ("eve", "of a foreign domain")],
)
def test_an_address_that_somebody_doesnt_vouch_for_opens_nothing(
    name: str, case: str, alice: User, bob: User, company: None, client: Client, settings: Any
) -> None:
    settings.SIGN_UP = "closed"
    if case == "not confirmed here":
        note_email(user=alice, email="alice@studio.example")
    else:
        set_email(user=bob, email="una@studio.example" if name == "una" else "ceo@elsewhere.example", by=COMMAND)
    answer = sign_in(client, name)
    assert answer.status_code == 403
    assert "no account on this site is connected" in read(answer)
    assert client.get("/account/").status_code == 302
    assert not SocialAccount.objects.exists()
    assert User.objects.count() == 2


def test_a_deactivated_person_and_a_missing_second_factor_are_not_let_in(
    alice: User, bob: User, company: None, client: Client
) -> None:
    set_email(user=bob, email="newton@studio.example", by=COMMAND)
    TOTP.activate(bob, "JBSWY3DPEHPK3PXP")
    assert sign_in(client, "newton")["Location"] == "/login/code/"
    assert client.get("/account/").status_code == 302
    deactivate_person(user=bob, by=COMMAND)
    assert sign_in(Client(), "newton")["Location"] == "/login/inactive/"


@pytest.mark.parametrize(
    ("sign_up", "domains", "invited", "name", "is_let_in"),
    [
        ("closed", ["studio.example"], True, "newton", False),
        ("invitation", ["studio.example"], False, "newton", False),
        ("invitation", [], True, "newton", True),
        ("invitation", [], True, "una", True),
        ("domains", ["studio.example"], False, "newton", True),
        ("domains", ["studio.example"], False, "una", False),
        ("domains", ["elsewhere.example"], False, "eve", False),
        ("domains", ["elsewhere.example"], False, "newton", False),
    ],
)
def test_the_setting_decides_who_gets_an_account(
    sign_up: str, domains: list[str], invited: bool, name: str, is_let_in: bool, company: None, settings: Any
) -> None:
    settings.SIGN_UP, settings.SIGN_UP_DOMAINS = sign_up, domains
    client = Client()
    owner = set_up_installation(username="olga", password=PASSWORD, team_name="Studio")
    if invited:
        _invitation, secret = create_invitation(actor=as_actor(owner), role=Role.MEMBER, days=1)
        client.get(f"/invitations/{secret}/")
    answer = sign_in(client, name)
    assert User.objects.exclude(pk=owner.pk).exists() is is_let_in
    if not is_let_in:
        assert answer.status_code == 403
        return
    user = User.objects.exclude(pk=owner.pk).get()
    assert (user.username, user.has_usable_password(), user.memberships.count()) == (name, False, 0)
    vouched = [("newton@studio.example", True)] if name == "newton" else []
    assert list(EmailAddress.objects.values_list("email", "verified")) == vouched
    assert "You aren't in a team yet" in read(client.get("/"))
    assert "You have no password" in read(client.get("/password/"))


def test_a_new_account_never_takes_the_name_of_another(alice: User, company: None, settings: Any) -> None:
    settings.SIGN_UP, settings.SIGN_UP_DOMAINS = "domains", ["studio.example"]
    sign_in(client := Client(), "alice")
    assert User.objects.count() == 2
    page = read(client.get("/account/"))
    assert User.objects.exclude(pk=alice.pk).get().username in page
    assert User.objects.exclude(pk=alice.pk).get().username != "alice"


def test_an_account_is_connected_and_disconnected_on_its_page(
    alice: User, bob: User, company: None, client: Client
) -> None:
    client.post("/login/", {"login": "alice", "password": PASSWORD})
    connect = f"{START}?process=connect"
    assert sign_in(client, "alice", connect)["Location"] == "/account/"
    assert "connected with your account" in read(client.get("/account/"))
    # The same sign-in can't belong to two accounts.
    (other := Client()).post("/login/", {"login": "bob", "password": PASSWORD})
    sign_in(other, "alice", connect)
    assert "belongs to another account" in read(other.get("/account/"))
    connected = SocialAccount.objects.get()
    assert other.post(f"/account/connected/{connected.pk}/remove/").status_code == 404
    client.post(f"/account/connected/{connected.pk}/remove/")
    assert not SocialAccount.objects.exists()


def test_connecting_asks_again_who_is_there_if_the_sign_in_is_long_ago(
    alice: User, company: None, client: Client
) -> None:
    client.force_login(alice)
    assert sign_in(client, "alice", f"{START}?process=connect")["Location"] == "/account/confirm/"
    assert not SocialAccount.objects.exists()
    assert client.post("/account/confirm/", {"password": PASSWORD})["Location"] == "/account/"
    assert SocialAccount.objects.get().user == alice


def test_the_only_way_in_stays(company: None, settings: Any, client: Client) -> None:
    settings.SIGN_UP, settings.SIGN_UP_DOMAINS = "domains", ["studio.example"]
    sign_in(client, "newton")
    answer = client.post(f"/account/connected/{SocialAccount.objects.get().pk}/remove/", follow=True)
    assert "couldn't sign in any more" in read(answer)
    assert SocialAccount.objects.exists()


@pytest.mark.parametrize("query", ["error=access_denied&state=x", "code=x&state=invented", "", "code=guessed"])
def test_a_failed_or_invented_return_opens_nothing(query: str, alice: User, company: None, client: Client) -> None:
    answer = client.get(f"{START}callback/?{query}", follow=True)
    assert "didn't work. Nothing has changed." in read(answer)
    assert client.get("/account/").status_code == 302


def test_a_provider_that_cant_be_reached_is_told(
    alice: User, provider: Provider, settings: Any, client: Client
) -> None:
    app = provider.build_app()
    settings.OIDC_APPS = [app | {"settings": app["settings"] | {"server_url": "http://localhost:1"}}]
    answer = client.post(START, follow=True)
    assert "didn't work. Nothing has changed." in read(answer)


def test_a_get_asks_first(company: None, client: Client) -> None:
    answer = client.get(START)
    assert answer.status_code == 200
    assert "Company" in read(answer)


def test_providers_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OIDC_PARTNER_ISSUER", "https://id.partner.example/realms/all/")
    with pytest.raises(ImproperlyConfigured, match="OIDC_PARTNER_CLIENT_ID"):
        build_app("partner", Env())
    monkeypatch.setenv("OIDC_PARTNER_CLIENT_ID", "us")
    monkeypatch.setenv("OIDC_PARTNER_EMAIL_DOMAINS", "Partner.example")
    app = build_app("partner", Env())
    assert (app["provider_id"], app["name"], app["settings"]["email_domains"]) == (
        "partner",
        "Partner",
        ["partner.example"],
    )
    assert list_origins([app, app]) == ["https://id.partner.example"]
    monkeypatch.setenv("OIDC_PARTNER_ISSUER", "id.partner.example")
    with pytest.raises(ImproperlyConfigured, match="OIDC_PARTNER_ISSUER"):
        build_app("partner", Env())
