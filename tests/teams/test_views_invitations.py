"""The page of an invitation: joining with an account, and making one."""

import re
from typing import Any
from urllib.parse import quote

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from tests.conftest import PASSWORD, as_actor
from vanceweb.teams.invitations import create_invitation, find_pending_invitation
from vanceweb.teams.models import Invitation, Membership, Role, User

NEW = "tin whistle orchard"


@pytest.fixture
def link(alice: User) -> str:
    """The path of an invitation to Alice's team as a member."""
    return f"/invitations/{create_invitation(actor=as_actor(alice), role=Role.MEMBER, days=7)[1]}/"


def test_the_page_shows_who_invites_to_which_team_and_nothing_else(link: str, bob: User, client: Client) -> None:
    page = client.get(link).content.decode()
    assert "Join Studio" in page
    assert "alice invites you. Your role: Member." in page
    assert "bob" not in page
    assert f"/login/?next={link}" in page


def test_a_signed_in_person_joins_with_one_click(link: str, charlie: User, client: Client) -> None:
    client.force_login(charlie)
    assert "You are signed in as <strong>charlie</strong>" in client.get(link).content.decode()
    response = client.post(link, follow=True)
    assert response.redirect_chain == [("/t/studio/", 302)]
    assert "You are in Studio now." in response.content.decode()
    assert "invitation" not in client.session


def test_the_log_in_leads_back_to_the_invitation(link: str, charlie: User, client: Client) -> None:
    client.get(link)
    given = {"login": "charlie", "password": PASSWORD, "next": link}
    # Whoever has no address is asked for one on the way.
    assert quote(link, safe="") in client.post("/login/", given)["Location"]


def test_somebody_makes_an_account_and_joins(link: str, client: Client) -> None:
    given = {"username": "dora", "email": "Dora@example.com", "password1": NEW, "password2": NEW}
    response = client.post(link, given, follow=True)
    assert response.redirect_chain == [("/t/studio/", 302)]
    dora = User.objects.get(username="dora")
    assert (dora.is_administrator, dora.check_password(NEW)) == (False, True)
    # It counts once it is confirmed.
    assert (dora.email, EmailAddress.objects.get(user=dora).verified) == ("", False)
    assert Membership.objects.get(user=dora).role == Role.MEMBER
    assert client.get(link).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"username": "alice"}, "already exists"),
        ({"password2": "something else here"}, "The two passwords differ."),
        ({"password1": "short", "password2": "short"}, "at least 10 characters"),
        ({"email": "nobody"}, "valid email address"),
    ],
)
def test_a_refusal_keeps_what_was_typed_and_the_invitation(
    wrong: dict[str, str], sentence: str, link: str, client: Client
) -> None:
    given = {"username": "dora", "email": "dora@example.com", "password1": NEW, "password2": NEW} | wrong
    response = client.post(link, given)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert f'value="{given["username"]}"' in response.content.decode()
    assert User.objects.filter(username="dora").count() == 0
    assert Invitation.objects.pending().exists()


@pytest.mark.parametrize("state", ["closed", "invitation"])
def test_accounts_are_made_where_sign_up_allows_it(state: str, link: str, client: Client, settings: Any) -> None:
    settings.SIGN_UP = state
    assert ('name="password1"' in client.get(link).content.decode()) is (state != "closed")
    given = {"username": "dora", "email": "", "password1": NEW, "password2": NEW}
    assert client.post(link, given).status_code == (422 if state == "closed" else 302)
    assert User.objects.filter(username="dora").exists() is (state != "closed")


def test_a_wrong_link_is_not_found_and_says_so(link: str, client: Client) -> None:
    for path in (link[:-4] + "xxx/", "/invitations/guessed/"):
        for response in (client.get(path), client.post(path)):
            assert response.status_code == 404
            assert "This link is not valid." in response.content.decode()


def test_the_session_remembers_the_invitation_while_it_is_open(link: str, alice: User, client: Client) -> None:
    request = client.get(link).wsgi_request
    assert find_pending_invitation(request) == Invitation.objects.get()
    Membership.objects.filter(user=alice).update(role=Role.VIEWER)
    assert find_pending_invitation(request) is None


def test_the_link_is_shown_once_to_its_maker(alice: User, client: Client) -> None:
    client.force_login(alice)
    response = client.post("/t/studio/people/invite/", {"invite-role": "viewer", "invite-days": "30"})
    found = re.search(r"/invitations/[\w-]+/", response.content.decode())
    assert found
    assert client.get(found[0]).status_code == 200
    page = client.get("/t/studio/people/").content.decode()
    assert "whoever has the link" in page
    assert found[0] not in page
    uuid = Invitation.objects.get().uuid
    response = client.post(f"/t/studio/people/invitations/{uuid}/revoke/", follow=True)
    assert "taken back" in response.content.decode()
    assert client.get(found[0]).status_code == 404


def test_the_form_refuses_a_role_that_is_not_offered(admin: User, client: Client) -> None:
    client.force_login(admin)
    response = client.post("/t/studio/people/invite/", {"invite-role": "owner", "invite-days": "30"})
    assert response.status_code == 422
    assert not Invitation.objects.exists()


def test_an_invitation_of_another_team_is_not_found(link: str, charlie: User, client: Client) -> None:
    client.force_login(charlie)
    uuid = Invitation.objects.get().uuid
    assert client.post(f"/t/elsewhere/people/invitations/{uuid}/revoke/").status_code == 404
    assert Invitation.objects.pending().exists()
