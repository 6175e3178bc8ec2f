"""Tokens: who they act as, what ends them, and that nothing else opens the API."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from tests.api.conftest import ROOT, Caller, assert_problem, call_as, issue_token
from tests.conftest import as_actor
from vanceweb.teams.api_tokens import find_token_actor, revoke_api_token
from vanceweb.teams.models import ApiToken, AuditAction, AuditEvent, Role, Scope, User, Via


def test_a_token_acts_as_its_person_in_its_team(bobs: Caller) -> None:
    answer = bobs.get("/me")
    assert answer.status_code == 200
    assert answer.json() == {
        "user": "bob",
        "team": {"slug": "studio", "name": "Studio", "role": "member"},
        "scopes": ["read", "write"],
    }


def test_only_the_hash_of_a_token_is_stored(alice: User) -> None:
    issued = issue_token(alice)
    assert issued.text.startswith("vw_")
    assert issued.text not in repr(ApiToken.objects.values())
    assert issued.text not in repr(AuditEvent.objects.values())


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer vw_x", "Basic abc", "Token abc", "Bearer \x00", "Bearer ü"])
def test_without_a_token_every_call_is_refused(header: str, alice: User) -> None:
    answer = Client().get(f"{ROOT}/me", headers={"Authorization": header} if header else {})
    assert_problem(answer, 401)
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_session_opens_nothing(alice: User, client: Client) -> None:
    client.force_login(alice)
    assert_problem(client.get(f"{ROOT}/me"), 401)


def test_a_call_sets_no_cookie(alices: Caller) -> None:
    assert not alices.get("/me").cookies


def test_a_revoked_token_is_refused(alices: Caller, alice: User) -> None:
    assert revoke_api_token(token=alices.row, by=as_actor(alice).performer)
    assert_problem(alices.get("/me"), 401)
    assert not revoke_api_token(token=alices.row, by=as_actor(alice).performer)


def test_an_expired_token_is_refused(alice: User) -> None:
    issued = issue_token(alice, lifetime=timedelta(seconds=-1))
    assert_problem(Caller(issued.text).get("/me"), 401)


def test_a_deactivated_persons_token_is_refused(bobs: Caller, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert_problem(bobs.get("/me"), 401)


def test_a_leavers_token_is_refused(bobs: Caller, bob: User) -> None:
    bob.memberships.all().delete()
    assert_problem(bobs.get("/me"), 401)


def test_the_role_is_asked_at_every_call(bobs: Caller, bob: User) -> None:
    bob.memberships.update(role=Role.VIEWER)
    assert bobs.get("/me").json()["team"]["role"] == "viewer"


def test_the_last_use_is_written_once_a_minute(alices: Caller) -> None:
    alices.get("/me")
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    alices.get("/me")
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
    alices.get("/me")
    last = ApiToken.objects.get().last_used_at
    assert last is not None
    assert last > first


def test_the_actor_tells_the_log_the_way_it_came(alice: User) -> None:
    actor = find_token_actor(issue_token(alice, (Scope.READ,)).text, address="192.0.2.7")
    assert actor is not None
    assert (actor.via, actor.address, actor.scopes) == (Via.API_TOKEN, "192.0.2.7", frozenset({Scope.READ}))


def test_a_token_without_read_sees_nothing(alice: User) -> None:
    writer = call_as(alice, (Scope.WRITE,))
    for path in ("/features", "/pictures", "/jobs"):
        assert_problem(writer.get(path), 403)


def test_the_log_tells_who_made_a_token(alices: Caller) -> None:
    event = AuditEvent.objects.get(action=AuditAction.API_TOKEN_CREATED)
    assert (event.person_name, event.target_name, event.details["scopes"]) == ("alice", "script", "read,write")


class TestCommand:
    def test_it_prints_nothing_but_the_token(self, bob: User, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("create_api_token", "bob", team="studio", scopes="read,write")
        printed = capsys.readouterr().out
        assert printed.count("\n") == 1
        assert Caller(printed.strip()).get("/me").json()["user"] == "bob"
        assert AuditEvent.objects.filter(action=AuditAction.API_TOKEN_CREATED).get().via == Via.COMMAND

    def test_it_takes_an_email_address(self, bob: User, capsys: pytest.CaptureFixture[str]) -> None:
        User.objects.filter(pk=bob.pk).update(email="bob@studio.example")
        call_command("create_api_token", "Bob@studio.example", team="studio", scopes="read")
        assert Caller(capsys.readouterr().out.strip()).get("/me").json()["scopes"] == ["read"]

    @pytest.mark.parametrize(
        ("person", "team", "scopes"),
        [("nobody", "studio", "read"), ("bob", "nowhere", "read"), ("bob", "studio", "all"), ("bob", "studio", "")],
    )
    def test_it_refuses_unknown_values(self, person: str, team: str, scopes: str, bob: User) -> None:
        with pytest.raises(CommandError):
            call_command("create_api_token", person, team=team, scopes=scopes)
        assert not ApiToken.objects.exists()

    def test_a_stranger_to_the_team_gets_no_token(self, alice: User, charlie: User) -> None:
        with pytest.raises(CommandError):
            call_command("create_api_token", "charlie", team="studio", scopes="read")
