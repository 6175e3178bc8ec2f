"""Signing in and out, the limits of wrong passwords, the change of password, and what the audit log keeps of it."""

from typing import Any

import pytest
from django.test import Client, RequestFactory

from tests.conftest import PASSWORD
from vanceweb.accounts.services import set_email
from vanceweb.accounts.sign_in_limits import count_attempt
from vanceweb.teams.audit import COMMAND
from vanceweb.teams.models import AuditAction, AuditEvent, User

NEW = "tin whistle orchard"
# As in settings.THROTTLES.
WRONG_PASSWORDS = 10


@pytest.fixture
def amy(alice: User) -> User:
    """Alice, with a confirmed address."""
    set_email(user=alice, email="alice@studio.example", by=COMMAND)
    return alice


def post(client: Client, name: str = "alice", password: str = PASSWORD, **more: str) -> Any:
    return client.post("/login/", {"login": name, "password": password, **more})


def test_signing_in_and_out(amy: User, client: Client) -> None:
    page = "/t/studio/gallery/"
    assert client.get(page)["Location"] == f"/login/?next={page}"
    assert post(client, next=page)["Location"] == page
    assert client.get(page).status_code == 200
    assert client.get("/login/")["Location"] == "/"
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get(page).status_code == 302


@pytest.mark.parametrize(
    "elsewhere", ["https://elsewhere.example/", "//elsewhere.example/", "http://engine.invalid/", "javascript:alert(1)"]
)
def test_signing_in_leads_to_no_other_site(elsewhere: str, amy: User, client: Client) -> None:
    assert post(client, next=elsewhere)["Location"] == "/"


@pytest.mark.parametrize("name", ["alice@studio.example", " ALICE@Studio.example "])
def test_a_confirmed_address_signs_in_as_well_as_the_username(name: str, amy: User, client: Client) -> None:
    assert post(client, name)["Location"] == "/"
    assert client.get("/account/").status_code == 200


def test_whoever_has_no_address_is_asked_for_one_and_can_skip_it(alice: User, client: Client) -> None:
    answer = client.post("/login/", {"login": "alice", "password": PASSWORD, "next": "/t/studio/jobs/"}, follow=True)
    assert answer.redirect_chain == [("/account/email/?next=%2Ft%2Fstudio%2Fjobs%2F&ask=1", 302)]
    assert '<a class="button" href="/t/studio/jobs/">Not now</a>' in answer.content.decode()
    given = {"email": "alice@studio.example", "next": "/t/studio/jobs/"}
    assert client.post("/account/email/", given)["Location"] == "/t/studio/jobs/"
    assert client.post("/account/email/", given | {"next": "//elsewhere.example"})["Location"] == "/account/"
    assert client.post("/account/email/", {"email": "alice"}).status_code == 422
    assert post(Client())["Location"] == "/"


def test_a_failed_sign_in_doesnt_say_which_value_was_wrong(amy: User, client: Client) -> None:
    wrong = [
        post(client, name, "wrong") for name in ("alice", "alice@studio.example", "nobody", "nobody@studio.example")
    ]
    sentences = {str(response.context["form"].non_field_errors()) for response in wrong}
    assert [response.status_code for response in wrong] == [422] * 4
    assert len(sentences) == 1
    assert "belong together" in sentences.pop()


def test_too_many_wrong_passwords_refuse_the_sign_in_from_there(amy: User, client: Client) -> None:
    # By the address and by the name: both are the same account.
    names = ["alice", "alice@studio.example"] * (WRONG_PASSWORDS // 2)
    answers = [post(client, name, "wrong") for name in [*names, "alice"]]
    assert [answer.status_code for answer in answers] == [422] * WRONG_PASSWORDS + [429]
    assert "Too many failed attempts to sign in" in answers[-1].content.decode()
    assert 14 * 60 < int(answers[-1]["Retry-After"]) <= 15 * 60
    assert post(client).status_code == post(client, "alice@studio.example").status_code == 429
    assert client.login(username="bob", password="x") is False
    assert post(Client(REMOTE_ADDR="203.0.113.9")).status_code == 302


def test_a_person_who_signs_in_begins_anew(amy: User, client: Client) -> None:
    for _ in range(3):
        for _ in range(WRONG_PASSWORDS - 1):
            assert post(client, password="wrong").status_code == 422
        assert post(client).status_code == 302
        client.post("/logout/")


def test_guesses_at_one_account_from_everywhere_are_refused(amy: User, client: Client, rf: RequestFactory) -> None:
    for number in range(100):
        count_attempt(rf.post("/login/", REMOTE_ADDR=f"203.0.113.{number}"), account="alice")
    assert post(client, password="wrong").status_code == 429
    assert post(Client(REMOTE_ADDR="198.51.100.1")).status_code == 429
    assert post(client, "bob", "wrong").status_code == 422


def test_an_empty_installation_says_where_to_begin(db: None, client: Client) -> None:
    assert "set-up link" in client.get("/login/").content.decode()


def test_the_password_is_changed_and_other_browsers_are_signed_out(amy: User, client: Client) -> None:
    other = Client()
    post(client)
    post(other)
    given = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert "Your password is changed." in client.post("/password/", given, follow=True).content.decode()
    amy.refresh_from_db()
    assert amy.check_password(NEW)
    assert client.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302
    assert "This browser" in client.get("/account/").content.decode()


@pytest.mark.parametrize(
    "given",
    [
        {"old_password": PASSWORD, "new_password1": "12345", "new_password2": "12345"},
        {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW},
    ],
)
def test_a_weak_password_and_a_wrong_old_one_are_refused(given: dict[str, str], alice: User, client: Client) -> None:
    client.force_login(alice)
    assert client.post("/password/", given).status_code == 422
    assert User.objects.get(pk=alice.pk).check_password(PASSWORD)


def test_the_log_keeps_sign_ins_and_failures_but_no_invented_names(amy: User, client: Client) -> None:
    AuditEvent.objects.all()._raw_delete("default")
    post(client, "alice", "wrong")
    post(client, "my secret password", "wrong")
    post(client)
    client.post("/logout/")
    kept = [
        (event.action, event.person_name, event.target_name, event.address)
        for event in AuditEvent.objects.order_by("pk")
    ]
    assert kept == [
        (AuditAction.SIGN_IN_FAILED, "", "alice", "127.0.0.1"),
        (AuditAction.SIGN_IN_FAILED, "", "", "127.0.0.1"),
        (AuditAction.SIGNED_IN, "alice", "", "127.0.0.1"),
        (AuditAction.SIGNED_OUT, "alice", "", "127.0.0.1"),
    ]


def test_a_page_of_the_account_costs_the_same_for_one_session_and_for_many(
    amy: User, client: Client, django_assert_num_queries: Any
) -> None:
    post(client)
    client.get("/account/")
    # session, user, membership, addresses, factors, connections, sessions, refused tokens
    with django_assert_num_queries(8):
        client.get("/account/")
    for _ in range(3):
        post(Client())
    with django_assert_num_queries(8):
        page = client.get("/account/").content.decode()
    assert page.count("/end/") == 3 + 1


def test_a_session_is_ended_by_its_owner_only(amy: User, bob: User, client: Client) -> None:
    other, stranger = Client(headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}), Client()
    post(client)
    post(other)
    post(stranger, "bob")
    page = client.get("/account/").content.decode()
    assert "Firefox on Linux" in page
    path = next(
        part for part in page.split('"') if part.startswith("/account/sessions/") and part != "/account/sessions/end/"
    )
    assert stranger.post(path).status_code == 404
    assert other.get("/account/").status_code == 200
    assert client.post(path)["Location"] == "/account/"
    assert other.get("/account/").status_code == 302
    assert client.post(path).status_code == 404


def test_all_other_sessions_are_ended_at_once(amy: User, client: Client) -> None:
    others = [Client(), Client()]
    for each in [client, *others]:
        post(each)
    answer = client.post("/account/sessions/end/", follow=True).content.decode()
    assert "2 other browsers are signed out." in answer
    assert [each.get("/account/").status_code for each in [client, *others]] == [200, 302, 302]
    assert AuditEvent.objects.filter(action=AuditAction.SESSION_ENDED).count() == 1
