"""Teams: names, slugs, and the shared connection of a new one."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from tests.conftest import as_actor, get_bundled
from vanceweb.ops.services import ensure_team_connections, open_team
from vanceweb.teams.models import TEAM_NAME_LENGTH, Role, Team, User
from vanceweb.teams.services import create_team
from vanceweb.vault.models import Connection


@pytest.mark.parametrize(
    ("names", "slugs"),
    [
        (["Foto Ärger & Söhne"], ["foto-arger-sohne"]),
        (["Prints", "prints!", "Prints", "Prints 2"], ["prints", "prints-2", "prints-3", "prints-2-2"]),
        (["Prints 2", "Prints", "Prints"], ["prints-2", "prints", "prints-3"]),
        (["写真館", "Фотостудия", "!?"], ["team", "team-2", "team-3"]),
        (["_-_", "-- Dash --"], ["team", "dash"]),
        (["x" * 80, "x" * 79], ["x" * 45, "x" * 45 + "-2"]),
        (["y" * 44 + " z"], ["y" * 44]),
    ],
)
def test_slugs_are_made_from_names_and_unique(names: list[str], slugs: list[str], charlie: User) -> None:
    assert [create_team(name=name, owner=charlie).slug for name in names] == slugs


def test_an_address_survives_renaming(alice: User, client: Client) -> None:
    client.force_login(alice)
    team = Team.objects.get(slug="studio")
    team.name = "Atelier"
    team.full_clean()
    team.save()
    assert "The people of Atelier." in client.get("/t/studio/people/").content.decode()
    assert client.get("/t/atelier/people/").status_code == 404


@pytest.mark.parametrize("name", ["", "  ", "x" * (TEAM_NAME_LENGTH + 1)])
def test_a_team_needs_a_name_that_is_not_too_long(name: str, charlie: User) -> None:
    with pytest.raises(ValidationError) as refusal:
        create_team(name=name, owner=charlie)
    assert set(refusal.value.message_dict) == {"team_name"}
    assert Team.objects.count() == 1


def test_a_new_team_has_an_owner_and_one_shared_connection_to_the_bundled_engine(charlie: User) -> None:
    team = open_team(name="  Second \n team ", owner=charlie)
    assert team.name == "Second team"
    (membership,) = team.memberships.all()
    assert (membership.user, membership.role) == (charlie, Role.OWNER)
    (connection,) = Connection.objects.filter(team=team)
    assert connection.is_bundled
    assert connection.balance == 1000
    assert (connection.private_to, connection.created_by) == (None, None)
    assert connection.token.open() != get_bundled(charlie).token.open()


def test_a_start_gives_each_team_without_a_shared_connection_one(alice: User, charlie: User) -> None:
    kept = get_bundled(charlie)
    Connection.objects.filter(pk=get_bundled(alice).pk).update(private_to=alice)
    for _ in range(2):
        ensure_team_connections()
        assert get_bundled(charlie) == kept
        assert get_bundled(alice).balance == 1000
        assert Connection.objects.filter(team=as_actor(alice).team).count() == 2
