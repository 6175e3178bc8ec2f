"""The creation of users."""

import pytest
from django.core.exceptions import ValidationError

from tests.conftest import PASSWORD
from vanceweb.ops.services import create_person
from vanceweb.teams.models import User
from vanceweb.teams.services import create_user
from vanceweb.vault.models import Connection


def test_a_person_can_log_in_and_has_a_connection_with_credits(alice: User, bob: User) -> None:
    assert (alice.is_owner, bob.is_owner) == (True, False)
    assert bob.check_password(PASSWORD)
    connection = Connection.objects.get(owner=bob)
    assert (connection.service, connection.check_state, connection.balance) == ("bundled", "ok", 1000)


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


def test_no_user_is_created_without_a_connection(db: None, settings: object) -> None:
    settings.BUNDLED_ACCOUNT_ISSUER = f"{__name__}.fail_to_issue"  # type: ignore[attr-defined]
    with pytest.raises(RuntimeError):
        create_person(username="dora", password=PASSWORD)
    assert not User.objects.exists()


def fail_to_issue(*, name: str, credits: int) -> str:
    raise RuntimeError("the engine is unavailable")
