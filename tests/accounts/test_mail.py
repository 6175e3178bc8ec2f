"""Links by mail: for a new password, for one's own address, for a new account. And a site without a mail server."""

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail as django_mail
from django.test import Client

from tests.conftest import PASSWORD
from tests.mail_server import MailServer, run_mail_server
from vanceweb.accounts.services import deactivate_person, note_email, set_email
from vanceweb.teams.audit import COMMAND
from vanceweb.teams.models import User

NEW = "tin whistle orchard"
FORGED = {"host": "evil.example"}


@pytest.fixture
def mails(settings: Any) -> Iterator[MailServer]:
    """A site with a mail server, in place of the one in memory that Django's tests have."""
    with run_mail_server() as server:
        settings.HAS_MAIL, settings.EMAIL_HOST, settings.EMAIL_PORT = True, "127.0.0.1", server.port
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.PUBLIC_URL, settings.ALLOWED_HOSTS = "http://pictures.example", ["*"]
        yield server


@pytest.fixture
def amy(alice: User) -> User:
    """Alice, with a confirmed address."""
    set_email(user=alice, email="alice@studio.example", by=COMMAND)
    return alice


def read_link(server: MailServer) -> str:
    """Return the path of the link in the only mail."""
    (mail,) = server.mails
    server.mails.clear()
    link = re.search(r"http://pictures\.example(/\S+)", mail.get_content())
    assert link, mail.get_content()
    return link[1]


def ask(address: str, client: Client | None = None, **options: Any) -> Any:
    return (client or Client()).post("/password/forgotten/", {"email": address}, **options)


def test_a_link_for_a_new_password_goes_to_the_confirmed_address(amy: User, mails: MailServer) -> None:
    assert ask("Alice@studio.example", headers=FORGED).status_code == 200
    assert mails.mails[0]["To"] == "alice@studio.example"
    assert "alice" in mails.mails[0].get_content()
    path = read_link(mails)
    assert Client().post(path, {"new_password1": NEW, "new_password2": NEW})["Location"] == "/login/"
    assert Client().post("/login/", {"login": "alice", "password": NEW}).status_code == 302


def test_the_answer_tells_nobody_who_has_an_account(amy: User, bob: User, charlie: User, mails: MailServer) -> None:
    note_email(user=bob, email="bob@studio.example")
    set_email(user=charlie, email="charlie@studio.example", by=COMMAND)
    deactivate_person(user=charlie, by=COMMAND)
    names = ("alice", "bob", "charlie", "nobody")
    answers = [ask(f"{name}@studio.example") for name in names]
    tokens = re.compile(r'value="\w{64}"')
    assert len({(answer.status_code, tokens.sub("", answer.content.decode())) for answer in answers}) == 1
    assert [mail["To"] for mail in mails.mails] == ["alice@studio.example"]
    assert ask("no address").status_code == 422


def test_a_mailbox_is_not_flooded(amy: User, mails: MailServer) -> None:
    answers = [ask("alice@studio.example", Client(REMOTE_ADDR=f"203.0.113.{number}")) for number in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert len(mails.mails) == 3


def test_an_address_counts_once_its_link_is_opened(amy: User, mails: MailServer, client: Client) -> None:
    client.post("/login/", {"login": "alice", "password": PASSWORD})
    client.post("/account/email/", {"email": "Alice@Home.example"}, headers=FORGED)
    path = read_link(mails)
    assert "Not confirmed" in client.get("/account/").content.decode()
    assert Client().post("/login/", {"login": "alice@home.example", "password": PASSWORD}).status_code == 422
    # Programs that look at mails open links, too.
    assert Client().get(path).status_code == 200
    assert list(EmailAddress.objects.filter(verified=True).values_list("email", flat=True)) == ["alice@studio.example"]
    assert Client().post(path)["Location"] == "/account/"
    assert list(EmailAddress.objects.values_list("email", "verified")) == [("alice@home.example", True)]
    assert Client().post("/login/", {"login": "alice@home.example", "password": PASSWORD}).status_code == 302
    assert Client().post("/login/", {"login": "alice@studio.example", "password": PASSWORD}).status_code == 422


def test_a_link_for_an_address_ends_when_the_address_is_changed(
    amy: User, mails: MailServer, client: Client, settings: Any
) -> None:
    client.post("/login/", {"login": "alice", "password": PASSWORD})
    client.post("/account/email/", {"email": "one@home.example"})
    path = read_link(mails)
    client.post("/account/email/", {"email": "two@home.example"})
    assert client.post(path).status_code == 404
    for invented in ("x", path.split("/")[3][:-1] + "x"):
        assert client.post(f"/account/email/{invented}/").status_code == 404


def test_nobody_learns_by_mail_or_page_that_somebody_else_has_an_address(
    amy: User, bob: User, mails: MailServer, client: Client
) -> None:
    client.post("/login/", {"login": "bob", "password": PASSWORD})
    answers = [
        client.post("/account/email/", {"email": email}, follow=True).content.decode()
        for email in ("alice@studio.example", "free@studio.example")
    ]
    assert all("Open the link in the mail" in answer for answer in answers)
    assert [mail["To"] for mail in mails.mails] == ["free@studio.example"]


def test_people_of_an_open_domain_sign_up_with_their_address(
    amy: User, mails: MailServer, client: Client, settings: Any
) -> None:
    settings.SIGN_UP, settings.SIGN_UP_DOMAINS = "domains", ["Studio.example"]
    assert 'href="/sign-up/"' in client.get("/login/").content.decode()
    for refused in ("dora@elsewhere.example", "dora@studio.example.evil.example", "dora"):
        assert client.post("/sign-up/", {"email": refused}).status_code == 422
    assert client.post("/sign-up/", {"email": "Dora@studio.example"}).status_code == 200
    path = read_link(mails)
    assert client.post(path, {"username": "alice", "password": NEW}).status_code == 422
    assert client.post(path, {"username": "dora", "password": "12345"}).status_code == 422
    assert client.post(path, {"username": "dora", "password": NEW})["Location"] == "/"
    assert "You aren" in client.get("/").content.decode()
    dora = User.objects.get(username="dora")
    assert EmailAddress.objects.filter(user=dora, email="dora@studio.example", verified=True).exists()
    assert not dora.is_administrator
    assert Client().get(path).status_code == 404


def test_signing_up_again_tells_only_the_mailbox(amy: User, mails: MailServer, client: Client, settings: Any) -> None:
    settings.SIGN_UP, settings.SIGN_UP_DOMAINS = "domains", ["studio.example"]
    pages = {client.post("/sign-up/", {"email": f"{name}@studio.example"}).content for name in ("alice", "dora")}
    assert len(pages) == 1
    assert [mail["Subject"].split(" ·")[0] for mail in mails.mails] == ["You have an account", "Create your account"]


def test_a_link_to_sign_up_ends_when_the_domain_is_closed(mails: MailServer, db: None, settings: Any) -> None:
    settings.SIGN_UP, settings.SIGN_UP_DOMAINS = "domains", ["studio.example"]
    Client().post("/sign-up/", {"email": "dora@studio.example"})
    path = read_link(mails)
    settings.SIGN_UP = "closed"
    assert Client().post(path, {"username": "dora", "password": NEW}).status_code == 404
    assert Client().get("/sign-up/").status_code == 404


def test_a_mail_server_that_is_away_is_logged_without_the_address(
    amy: User, mails: MailServer, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_PORT = 1
    with caplog.at_level(logging.DEBUG):
        assert ask("alice@studio.example").status_code == 200
    assert "A mail couldn't be sent: ConnectionRefusedError" in caplog.text
    assert "studio.example" not in caplog.text
    assert "/password/new/" not in caplog.text


def test_a_site_without_mail_sends_and_prints_nothing_and_says_whom_to_ask(
    amy: User, client: Client, settings: Any, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert not settings.HAS_MAIL
    assert "Ask an administrator for a link" in client.get("/password/forgotten/").content.decode()
    with caplog.at_level(logging.DEBUG):
        assert ask("alice@studio.example").status_code == 422
        client.post("/login/", {"login": "alice", "password": PASSWORD})
        client.post("/account/email/", {"email": "alice@home.example"})
    assert django_mail.outbox == []
    shown = caplog.text + "".join(capfd.readouterr())
    assert "home.example" not in shown
    assert "/password/new/" not in shown
    page = client.get("/account/").content.decode()
    assert "an administrator has to confirm it" in page
    assert "Not confirmed" in page
