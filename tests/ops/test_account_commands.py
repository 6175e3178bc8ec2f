"""The commands for people and teams, which need no mail."""

import io
import sys
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core.management import CommandError, call_command
from django.test import Client

from tests.conftest import PASSWORD
from vanceweb.accounts.services import set_email
from vanceweb.teams.audit import COMMAND
from vanceweb.teams.models import AuditAction, AuditEvent, Role, Team, User, Via
from vanceweb.vault.models import Connection

NEW = "tin whistle orchard"


@pytest.fixture
def amy(alice: User) -> User:
    """Alice, with a confirmed address."""
    set_email(user=alice, email="alice@studio.example", by=COMMAND)
    return alice


def run(*arguments: str) -> str:
    """Return the output of a command."""
    output = io.StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


def create_person(monkeypatch: pytest.MonkeyPatch, *arguments: str, password: str = NEW) -> str:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
    return run("create_person", *arguments)


def test_a_team_and_its_first_people_are_created(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    run("create_team", "photo-desk", "--name", "Photo desk")
    team = Team.objects.get(slug="photo-desk")
    assert Connection.objects.get(team=team).is_bundled
    with pytest.raises(CommandError, match="--role owner"):
        create_person(monkeypatch, "dora@studio.example", "--team", "photo-desk", "--role", "member")
    printed = create_person(monkeypatch, "Dora@studio.example", "--team", "photo-desk", "--role", "owner")
    assert NEW not in printed
    create_person(monkeypatch, "ed", "--team", "photo-desk", "--role", "viewer")
    roles = list(team.memberships.values_list("user__username", "role"))
    assert roles == [("Dora", Role.OWNER), ("ed", Role.VIEWER)]
    assert list(EmailAddress.objects.values_list("email", "verified")) == [("dora@studio.example", True)]
    assert Client().post("/login/", {"login": "dora@studio.example", "password": NEW}).status_code == 302
    events = AuditEvent.objects.filter(action=AuditAction.PERSON_CREATED)
    assert {(event.via, event.team_name) for event in events} == {(Via.COMMAND, "Photo desk")}


@pytest.mark.parametrize(
    ("arguments", "password", "sentence"),
    [
        (["dora@studio.example", "--team", "nowhere", "--role", "member"], NEW, "The teams: studio"),
        (["dora@studio.example", "--team", "studio", "--role", "member"], "12345", "too short"),
        (["alice@studio.example", "--team", "studio", "--role", "member"], NEW, "already exists"),
        (["alice@studio.example", "--team", "studio", "--role", "member", "--username", "x"], NEW, "Somebody else"),
        (["@", "--team", "studio", "--role", "member"], NEW, "can’t be blank|cannot be blank|valid"),
    ],
)
def test_a_refused_person_leaves_nothing(
    arguments: list[str], password: str, sentence: str, amy: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError, match=sentence):
        create_person(monkeypatch, *arguments, password=password)
    assert User.objects.count() == 1


@pytest.mark.parametrize(("slug", "name"), [("studio", "Other"), ("with space", "Other"), ("fine", " ")])
def test_a_refused_team_leaves_nothing(slug: str, name: str, alice: User) -> None:
    with pytest.raises(CommandError):
        run("create_team", slug, "--name", name)
    assert Team.objects.count() == 1


def test_reset_password_prints_a_link_and_nothing_else(amy: User, settings: Any) -> None:
    settings.PUBLIC_URL = "https://pictures.example"
    for name in ("alice@studio.example", "alice"):
        printed = run("reset_password", name)
        assert printed.count("\n") == 1
        assert printed.startswith("https://pictures.example/password/new/")
    path = printed.strip().removeprefix("https://pictures.example")
    answer = Client().post(path, {"new_password1": NEW, "new_password2": NEW})
    assert answer["Location"] == "/login/"
    assert User.objects.get().check_password(NEW)


def test_a_deactivated_person_gets_no_link(amy: User, bob: User) -> None:
    run("deactivate_person", "bob")
    assert Client().post("/login/", {"login": "bob", "password": PASSWORD})["Location"] == "/login/inactive/"
    with pytest.raises(CommandError, match="deactivated"):
        run("reset_password", "bob")
    run("deactivate_person", "bob", "--undo")
    assert run("reset_password", "bob")
    with pytest.raises(CommandError, match="only owner of Studio"):
        run("deactivate_person", "alice")
    bob.memberships.update(role=Role.OWNER)
    with pytest.raises(CommandError, match="only administrator"):
        run("deactivate_person", "alice")


def test_the_second_factor_is_reset_and_an_administrator_is_made(bob: User) -> None:
    TOTP.activate(bob, "JBSWY3DPEHPK3PXP")
    run("reset_two_factor", "bob")
    assert not Authenticator.objects.exists()
    run("make_administrator", "bob")
    assert User.objects.get(username="bob").is_administrator


@pytest.mark.parametrize("command", ["reset_password", "reset_two_factor", "make_administrator", "deactivate_person"])
def test_a_name_that_nobody_has_is_told(command: str, alice: User) -> None:
    with pytest.raises(CommandError, match=r"Nobody has the mail address or username nobody@studio\.example"):
        run(command, "nobody@studio.example")
