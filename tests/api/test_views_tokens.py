"""The page of tokens: made, shown once, listed and revoked."""

import pytest
from django.test import Client

from tests.api.conftest import Caller, assert_problem, issue_token
from vanceweb.teams.models import ApiToken, AuditAction, AuditEvent, User, Via

PAGE = "/account/tokens/"
VALUES = {"name": "nightly", "team": "studio", "scopes": ["read", "write"], "days": "30"}


@pytest.fixture
def browser(bob: User) -> Client:
    client = Client()
    client.force_login(bob)
    return client


def test_a_token_is_made_and_shown_once(browser: Client, bob: User) -> None:
    page = browser.post(PAGE, VALUES)
    assert page.status_code == 200
    issued = page.context["issued"]
    assert issued.text in page.content.decode()
    assert Caller(issued.text).get("/me").json()["user"] == "bob"
    again = browser.get(PAGE).content.decode()
    assert issued.text not in again
    assert issued.row.prefix in again
    event = AuditEvent.objects.get(action=AuditAction.API_TOKEN_CREATED)
    assert (event.person_name, event.team_name, event.via) == ("bob", "Studio", Via.SESSION)


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"team": "elsewhere"}, {"scopes": []}, {"scopes": ["all"]}, {"days": "9999"}]
)
def test_invalid_values_come_back(wrong: dict[str, object], browser: Client, charlie: User) -> None:
    page = browser.post(PAGE, VALUES | wrong)
    assert page.status_code == 422
    assert not ApiToken.objects.exists()


def test_a_token_is_revoked(browser: Client, bob: User) -> None:
    issued = issue_token(bob)
    assert browser.post(f"{PAGE}{issued.row.uuid}/revoke/").status_code == 302
    assert_problem(Caller(issued.text).get("/me"), 401)
    assert issued.row.prefix not in browser.get(PAGE).content.decode()
    assert AuditEvent.objects.filter(action=AuditAction.API_TOKEN_REVOKED, person_name="bob").exists()


def test_nobody_sees_or_revokes_somebody_elses(browser: Client, alice: User) -> None:
    issued = issue_token(alice)
    assert issued.row.prefix not in browser.get(PAGE).content.decode()
    assert browser.post(f"{PAGE}{issued.row.uuid}/revoke/").status_code == 404
    assert Caller(issued.text).get("/me").status_code == 200


def test_a_person_without_a_team_sees_the_page(charlie: User, client: Client) -> None:
    charlie.memberships.all().delete()
    client.force_login(charlie)
    assert client.get(PAGE).status_code == 200
    assert client.post(PAGE, VALUES).status_code == 422


def test_the_page_of_calls_names_every_call(browser: Client) -> None:
    page = browser.get("/api/v1/docs").content.decode()
    for path in ("/api/v1/me", "/api/v1/pictures/{picture_id}/file", "/api/v1/jobs/{job_id}/retry"):
        assert path in page
    assert "<script>" not in page
    assert " style=" not in page
