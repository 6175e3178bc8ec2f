"""`manage.py administrator`: administrators of the installation are made and unmade, and one always stays."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.conftest import PASSWORD
from vanceweb.teams.models import Role, User
from vanceweb.teams.services import create_user


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("administrator", *arguments, stdout=output)
    return output.getvalue()


def get_administrators() -> list[str]:
    return [user.username for user in User.objects.order_by("username") if user.is_administrator]


def test_somebody_becomes_an_administrator_and_no_longer_is_one(alice: User, bob: User) -> None:
    assert run("bob") == "bob is an administrator.\n"
    assert get_administrators() == ["alice", "bob"]
    assert run("bob", "--revoke") == "bob is no longer an administrator.\n"
    assert get_administrators() == ["alice"]


def test_the_role_in_the_team_is_another_matter(alice: User, bob: User) -> None:
    run("bob")
    assert run("alice", "--revoke")
    assert get_administrators() == ["bob"]
    assert (alice.memberships.get().role, bob.memberships.get().role) == (Role.OWNER, Role.MEMBER)


def test_the_last_administrator_stays(alice: User, bob: User) -> None:
    with pytest.raises(CommandError, match="alice is the only administrator"):
        run("alice", "--revoke")
    assert get_administrators() == ["alice"]


def test_an_administrator_who_cannot_log_in_does_not_count(alice: User) -> None:
    dora = create_user(username="dora", password=PASSWORD, is_administrator=True)
    User.objects.filter(pk=dora.pk).update(is_active=False)
    with pytest.raises(CommandError, match="only administrator"):
        run("alice", "--revoke")


def test_an_unknown_person_is_named(alice: User) -> None:
    with pytest.raises(CommandError, match="There is no user mallory"):
        run("mallory")
