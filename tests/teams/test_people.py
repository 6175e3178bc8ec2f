"""The creation of users, and of people in a team."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from tests.conftest import PASSWORD, as_actor, get_bundled
from vanceweb.ops.services import create_person, open_team, set_up_installation
from vanceweb.teams.access import Actor
from vanceweb.teams.models import Membership, Role, Team, User
from vanceweb.teams.services import add_member, create_user
from vanceweb.vault.models import Connection


def test_a_person_can_log_in_and_works_on_the_teams_connection_with_credits(alice: User, bob: User) -> None:
    assert (alice.is_administrator, bob.is_administrator) == (True, False)
    assert (as_actor(alice).role, as_actor(bob).role) == (Role.OWNER, Role.MEMBER)
    assert bob.check_password(PASSWORD)
    connection = get_bundled(bob)
    assert (connection.service, connection.check_state, connection.balance) == ("bundled", "ok", 1000)
    assert connection == get_bundled(alice)
    assert Connection.objects.count() == 1


@pytest.mark.parametrize(
    ("username", "password", "fields"),
    [
        ("alice", PASSWORD, {"username"}),
        ("", PASSWORD, {"username"}),
        ("a b", PASSWORD, {"username"}),
        ("x" * 151, PASSWORD, {"username"}),
        ("dora", "short", {"password"}),
        ("dora", "", {"password"}),
        ("dora", "12345678901", {"password"}),
        ("doradora-dora", "doradora-dora", {"password"}),
        ("a b", "short", {"username", "password"}),
    ],
)
def test_a_refusal_names_every_wrong_field(alice: User, username: str, password: str, fields: set[str]) -> None:
    with pytest.raises(ValidationError) as refusal:
        create_user(username=username, password=password)
    assert set(refusal.value.message_dict) == fields
    assert User.objects.count() == 1


def test_no_user_and_no_team_are_created_without_a_connection(db: None, settings: object) -> None:
    settings.BUNDLED_ACCOUNT_ISSUER = f"{__name__}.fail_to_issue"  # type: ignore[attr-defined]
    with pytest.raises(RuntimeError):
        set_up_installation(username="dora", password=PASSWORD, team_name="Studio")
    assert not User.objects.exists()
    dora = create_user(username="dora", password=PASSWORD)
    with pytest.raises(RuntimeError):
        open_team(name="Studio", owner=dora)
    assert not Team.objects.exists()


def fail_to_issue(*, name: str, credits: int) -> str:
    raise RuntimeError("the engine is unavailable")


@pytest.mark.parametrize(
    ("granting", "refused"),
    [
        (Role.VIEWER, [Role.VIEWER, Role.MEMBER, Role.ADMIN, Role.OWNER]),
        (Role.MEMBER, [Role.VIEWER, Role.MEMBER, Role.ADMIN, Role.OWNER]),
        (Role.ADMIN, [Role.ADMIN, Role.OWNER]),
        (Role.OWNER, []),
    ],
)
def test_a_person_is_created_only_with_a_grantable_role(granting: Role, refused: list[Role], bob: User) -> None:
    actor = Actor(bob, as_actor(bob).team, granting)
    for role in Role:
        if role in refused:
            with pytest.raises(PermissionDenied):
                create_person(actor=actor, username=f"{role}-1", password=PASSWORD, role=role)
        else:
            create_person(actor=actor, username=f"{role}-1", password=PASSWORD, role=role)
    created = Membership.objects.filter(user__username__endswith="-1").values_list("role", flat=True)
    assert list(created) == [role for role in Role if role not in refused]
    assert User.objects.filter(username__endswith="-1").count() == len(created)


def test_nobody_is_in_a_team_twice(alice: User, bob: User, charlie: User) -> None:
    add_member(actor=as_actor(alice), user=charlie, role=Role.VIEWER)
    with pytest.raises(ValidationError, match="already in the team"):
        add_member(actor=as_actor(alice), user=bob, role=Role.VIEWER)
    assert [str(membership) for membership in charlie.memberships.all()] == [
        "charlie in Elsewhere",
        "charlie in Studio",
    ]
