"""The set-up link of the first account, and a team's people."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.conftest import PASSWORD, as_actor, get_bundled
from vanceweb.ops import setup_link
from vanceweb.ops.services import create_person
from vanceweb.teams.models import TEAM_NAME_LENGTH, Membership, Role, Team, User
from vanceweb.teams.services import create_user
from vanceweb.vault.models import Connection

NEW = "tin whistle orchard"


@pytest.fixture
def data_dir(settings: Any, tmp_path: Path, studio_files: Path) -> Path:
    """Return a data folder for this test's set-up link."""
    settings.DATA_DIR = tmp_path
    return tmp_path


def read_rows(page: str) -> dict[str, list[str]]:
    """Return the words of each row of the people's table, after the avatar's, by the person's name."""
    words = [re.sub(r"<[^>]+>", " ", row).split()[1:] for row in page.split("<tbody>")[1].split("<tr>")[1:]]
    return {row[0]: row for row in words}


def test_the_set_up_link_makes_the_administrator_with_a_team_and_works_once(
    db: None, data_dir: Path, client: Client
) -> None:
    address = f"/setup/{setup_link.create_secret()}/"
    assert 'name="team_name"' in client.get(address).content.decode()
    given = {"username": "alice", "password1": PASSWORD, "password2": PASSWORD, "team_name": " Foto  Ärger "}
    assert client.post(address, given)["Location"] == "/"
    first = User.objects.get()
    assert first.is_administrator
    assert (as_actor(first).team.name, as_actor(first).role) == ("Foto Ärger", Role.OWNER)
    assert get_bundled(first).is_bundled
    response = client.get("/", follow=True)
    assert response.redirect_chain == [("/t/foto-arger/", 302)]
    assert response.status_code == 200
    assert client.get(address).status_code == 404
    assert Client().post(address, given | {"username": "mallory"}).status_code == 404
    assert User.objects.count() == Team.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"password2": NEW}, "The two passwords differ."),
        ({"password1": "short", "password2": "short"}, "too short"),
        ({"username": "a b"}, "valid username"),
        ({"team_name": "  "}, "This field is required."),
        ({"team_name": "x" * (TEAM_NAME_LENGTH + 1)}, "at most 80 characters"),
    ],
)
def test_a_mistake_leaves_the_set_up_link_open(
    db: None, data_dir: Path, client: Client, changes: dict[str, str], sentence: str
) -> None:
    address = f"/setup/{setup_link.create_secret()}/"
    given = {"username": "alice", "password1": PASSWORD, "password2": PASSWORD, "team_name": "Studio"}
    response = client.post(address, given | changes)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert client.get(address).status_code == 200
    assert not User.objects.exists()
    assert not Team.objects.exists()


def join(alice: User, role: Role) -> User:
    """Return a person in Alice's team with this role."""
    return create_person(actor=as_actor(alice), username="dean", password=PASSWORD, role=role)


@pytest.mark.parametrize("role", Role)
def test_the_owner_adds_a_person_with_any_role(role: Role, alice: User, client: Client) -> None:
    client.force_login(alice)
    given = {"username": "dora", "password1": NEW, "password2": NEW, "role": role}
    response = client.post("/t/studio/people/add/", given, follow=True)
    assert response.redirect_chain == [("/t/studio/people/", 302)]
    assert "dora can sign in now" in response.content.decode()
    dora = User.objects.get(username="dora")
    assert dora.check_password(NEW)
    assert not dora.is_administrator
    assert [(member.team.slug, member.role) for member in dora.memberships.all()] == [("studio", role)]
    assert Connection.objects.count() == 1


@pytest.mark.parametrize(
    ("role", "offered"),
    [
        (Role.ADMIN, [Role.VIEWER, Role.MEMBER]),
        (Role.OWNER, [Role.VIEWER, Role.MEMBER, Role.ADMIN, Role.OWNER]),
    ],
)
def test_the_form_offers_and_takes_only_grantable_roles(
    role: Role, offered: list[Role], alice: User, client: Client
) -> None:
    person = join(alice, role)
    User.objects.filter(pk=person.pk).update(is_superuser=True)
    client.force_login(person)
    field = client.get("/t/studio/people/").context["form"].fields["role"]
    assert ([value for value, _label in field.choices], field.initial) == (offered, Role.MEMBER)
    given = {"password1": NEW, "password2": NEW}
    for wanted in [*Role, "", "chief"]:
        response = client.post("/t/studio/people/add/", given | {"username": f"new-{wanted}", "role": wanted})
        assert response.status_code == (302 if wanted in offered else 422)
    created = Membership.objects.filter(user__username__startswith="new-").values_list("role", flat=True)
    assert list(created) == offered
    assert User.objects.filter(username__startswith="new-").count() == len(offered)


def test_a_taken_name_is_reported(alice: User, client: Client) -> None:
    client.force_login(alice)
    given = {"username": "alice", "password1": NEW, "password2": NEW, "role": Role.MEMBER}
    response = client.post("/t/studio/people/add/", given)
    assert response.status_code == 422
    assert "already exists" in response.content.decode()
    assert Membership.objects.count() == 1


@pytest.mark.parametrize("role", list(Role))
def test_only_administrators_of_the_installation_add_people_with_a_password(
    role: Role, alice: User, client: Client
) -> None:
    client.force_login(join(alice, role))
    response = client.get("/t/studio/people/")
    assert response.status_code == 200
    assert "/t/studio/people/add/" not in response.content.decode()
    given = {"username": "dora", "password1": NEW, "password2": NEW, "role": Role.VIEWER}
    assert client.post("/t/studio/people/add/", given).status_code == 403
    assert not User.objects.filter(username="dora").exists()


def test_strangers_and_administrators_from_outside_find_no_people(alice: User, charlie: User, client: Client) -> None:
    for person in (charlie, create_user(username="andrew", password=PASSWORD, is_administrator=True)):
        client.force_login(person)
        assert client.get("/t/studio/people/").status_code == 404
        assert client.post("/t/studio/people/add/", {"username": "x"}).status_code == 404


def test_the_list_shows_the_teams_people_with_their_roles(
    alice: User, bob: User, charlie: User, client: Client, django_assert_num_queries: Any
) -> None:
    client.force_login(bob)
    client.get("/t/studio/people/")
    with django_assert_num_queries(5) as queries:
        page = client.get("/t/studio/people/").content.decode()
    rows = read_rows(page)
    assert rows["alice"][:3] == ["alice", "Administrator", "Owner"]
    assert rows["bob"][:2] == ["bob", "Member"]
    assert "charlie" not in page
    assert 'href="/t/studio/people/"' in page
    join(alice, Role.VIEWER)
    with django_assert_num_queries(len(queries)):
        page = client.get("/t/studio/people/").content.decode()
    assert read_rows(page)["dean"][:2] == ["dean", "Viewer"]
