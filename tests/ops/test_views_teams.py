"""Several teams: the switch, opening another, renaming, and the table of roles."""

import re
from typing import Any

import pytest
from django.test import Client

from tests.conftest import as_actor, get_bundled
from vanceweb.teams.access import PERMISSIONS, Action
from vanceweb.teams.models import AuditAction, AuditEvent, Membership, Role, Team, User
from vanceweb.teams.role_table import SENTENCES
from vanceweb.vault.models import Connection


@pytest.fixture
def in_two_teams(alice: User, charlie: User) -> User:
    """Charlie, who owns Elsewhere and is a member of Alice's Studio."""
    Membership.objects.create(user=charlie, team=Team.objects.get(slug="studio"), role=Role.MEMBER)
    return charlie


def test_the_menu_switches_between_teams_and_the_choice_is_remembered(in_two_teams: User, client: Client) -> None:
    client.force_login(in_two_teams)
    assert client.get("/")["Location"] == "/t/elsewhere/"
    assert 'href="/t/studio/"' in client.get("/t/elsewhere/").content.decode()
    assert 'href="/t/elsewhere/"' in client.get("/t/studio/").content.decode()
    assert client.get("/")["Location"] == "/t/studio/"
    assert 'href="/t/studio/gallery/"' in client.get("/password/").content.decode()


def test_parts_of_a_page_remember_nothing(in_two_teams: User, client: Client) -> None:
    client.force_login(in_two_teams)
    client.get("/t/elsewhere/jobs/")
    client.get("/t/studio/jobs/", headers={"hx-request": "true"})
    assert client.get("/")["Location"] == "/t/elsewhere/"


def test_a_team_that_was_left_is_forgotten(in_two_teams: User, client: Client) -> None:
    client.force_login(in_two_teams)
    client.get("/t/studio/")
    Membership.objects.filter(user=in_two_teams, team__slug="studio").delete()
    assert client.get("/")["Location"] == "/t/elsewhere/"


def test_the_teams_of_a_person_cost_no_further_query(
    in_two_teams: User, client: Client, django_assert_num_queries: Any
) -> None:
    client.force_login(in_two_teams)
    client.get("/teams/")
    with django_assert_num_queries(5):
        page = client.get("/teams/").content.decode()
    assert {"Studio", "Elsewhere"} <= set(re.findall(r">(\w+)</a>", page))


@pytest.mark.parametrize(("creation", "is_allowed"), [("administrators", False), ("everyone", True)])
def test_the_setting_says_who_opens_teams(
    creation: str, is_allowed: bool, alice: User, bob: User, client: Client, settings: Any
) -> None:
    settings.TEAM_CREATION = creation
    client.force_login(bob)
    assert ('name="team_name"' in client.get("/teams/").content.decode()) is is_allowed
    assert client.post("/teams/", {"team_name": "Prints"}).status_code == (302 if is_allowed else 403)
    assert Team.objects.filter(slug="prints").exists() is is_allowed


def test_an_administrator_opens_a_team_with_a_connection(alice: User, client: Client) -> None:
    client.force_login(alice)
    assert client.post("/teams/", {"team_name": " "}).status_code == 422
    assert client.post("/teams/", {"team_name": "Prints"})["Location"] == "/t/prints/people/"
    team = Team.objects.get(slug="prints")
    assert team.memberships.get().role == Role.OWNER
    assert Connection.objects.get(team=team).is_bundled
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.person_name, event.team_name) == (AuditAction.TEAM_CREATED, "alice", "Prints")


def test_an_owner_renames_the_team_and_its_addresses_stay(alice: User, client: Client) -> None:
    client.force_login(alice)
    assert client.post("/t/studio/settings/", {"team_name": ""}).status_code == 422
    response = client.post("/t/studio/settings/", {"team_name": "Atelier  Nord"}, follow=True)
    assert "The team is called Atelier Nord now." in response.content.decode()
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.details) == (
        AuditAction.TEAM_RENAMED,
        {"name": "Atelier Nord", "old_name": "Studio"},
    )
    assert as_actor(alice).team.slug == "studio"
    assert get_bundled(alice)


def test_the_table_of_roles_is_that_of_the_permissions(alice: User, client: Client) -> None:
    assert set(SENTENCES) == set(Action)
    client.force_login(alice)
    page = client.get("/t/studio/settings/").content.decode().split('id="roles"')[1]
    rows = re.findall(r"<th scope=\"row\".*?</tr>", page, re.DOTALL)
    assert len(rows) == len(Action)
    for action, row in zip(SENTENCES, rows, strict=True):
        shown = [bool(re.search(r'aria-label="yes"', cell)) for cell in re.findall(r"<td>.*?</td>", row, re.DOTALL)]
        assert shown == [action in PERMISSIONS[role] for role in Role]
