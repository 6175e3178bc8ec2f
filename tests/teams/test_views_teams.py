"""The way to a person's team: the old addresses, and the page of a person without a team."""

import pytest
from django.test import Client

from tests.conftest import PASSWORD
from vanceweb.teams.models import Membership, Role, Team, User
from vanceweb.teams.services import create_user

OLD_ADDRESSES = ["", "jobs/", "gallery/", "usage/", "connections/", "features/enlarge3/"]


@pytest.mark.parametrize("page", OLD_ADDRESSES)
@pytest.mark.parametrize("query", ["", "?source=x&from=%C3%A4%20b&after="])
def test_old_addresses_lead_to_the_first_team_and_keep_the_query(
    page: str, query: str, charlie: User, alice: User, client: Client
) -> None:
    Membership.objects.create(user=charlie, team=Team.objects.get(slug="studio"), role=Role.OWNER)
    client.force_login(charlie)
    assert client.get(f"/{page}{query}")["Location"] == f"/t/elsewhere/{page}{query}"


def test_the_sign_in_leads_to_the_studio_of_the_first_team(charlie: User, client: Client) -> None:
    response = client.post("/login/", {"login": "charlie", "password": PASSWORD}, follow=True)
    assert response.redirect_chain == [("/account/email/?next=%2F&ask=1", 302)]
    response = client.get("/", follow=True)
    assert response.redirect_chain == [("/t/elsewhere/", 302)]
    assert response.status_code == 200


@pytest.mark.parametrize("page", OLD_ADDRESSES)
def test_a_person_without_a_team_is_told_so(page: str, alice: User, client: Client) -> None:
    client.force_login(create_user(username="tess", password=PASSWORD))
    response = client.get(f"/{page}")
    shown = response.content.decode()
    assert response.status_code == 200
    assert "You aren't in a team yet" in shown
    assert "/t/" not in shown


def test_a_person_without_a_team_changes_their_password(alice: User, client: Client) -> None:
    client.force_login(create_user(username="tess", password=PASSWORD))
    assert client.get("/password/").status_code == 200


def test_a_page_without_a_team_of_its_own_links_to_the_first_team(bob: User, charlie: User, client: Client) -> None:
    for user, team in ((bob, "studio"), (charlie, "elsewhere")):
        client.force_login(user)
        assert f'href="/t/{team}/gallery/"' in client.get("/password/").content.decode()


def test_the_pages_of_a_team_link_to_that_team(charlie: User, alice: User, client: Client) -> None:
    Membership.objects.create(user=charlie, team=Team.objects.get(slug="studio"), role=Role.VIEWER)
    client.force_login(charlie)
    shown = client.get("/t/studio/people/").content.decode()
    assert 'href="/t/studio/gallery/"' in shown
    assert shown.count("/t/elsewhere/") == 1  # the switch to it
