"""The keepers of connections: handing over, what a new keeper may do, and connections without one."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from tests.conftest import as_actor
from tests.factories import make_hosted_connection
from vanceweb.teams.models import AuditAction, AuditEvent, Membership, User
from vanceweb.vault.keeping import find_connections_kept_by, hand_over_connection
from vanceweb.vault.models import Connection
from vanceweb.vault.services import add_connection, replace_token, set_connection_privacy


@pytest.fixture
def shared(bob: User) -> Connection:
    """Bob's connection, shared with Alice's team."""
    return make_hosted_connection(bob, private_to_id=None)


def test_whoever_adds_a_connection_keeps_it(bob: User, bundled: Connection) -> None:
    added = add_connection(actor=as_actor(bob), name="Mine", base_url="", token="token-of-some-length")
    assert (added.keeper, bundled.keeper) == (bob, None)


def test_a_leavers_shared_connections_are_found_and_private_ones_are_not(
    alice: User, bob: User, shared: Connection
) -> None:
    make_hosted_connection(bob, name="Mine")
    assert list(find_connections_kept_by(bob, as_actor(bob).team)) == [shared]
    assert not find_connections_kept_by(alice, as_actor(alice).team).exists()


def test_the_keeper_hands_a_connection_over(alice: User, bob: User, shared: Connection) -> None:
    secret = shared.token
    hand_over_connection(actor=as_actor(bob), connection=shared, keeper=alice)
    kept = Connection.objects.get(pk=shared.pk)
    assert (kept.keeper, kept.created_by, kept.token) == (alice, bob, secret)
    event = AuditEvent.objects.get(action=AuditAction.CONNECTION_HANDED_OVER)
    assert (event.person_name, event.target_name, event.details) == ("bob", shared.name, {"name": "alice"})
    with pytest.raises(PermissionDenied):
        hand_over_connection(actor=as_actor(bob), connection=kept, keeper=bob)


def test_an_admin_hands_over_for_somebody_else_and_a_member_does_not(
    alice: User, bob: User, admin: User, shared: Connection
) -> None:
    hand_over_connection(actor=as_actor(admin), connection=shared, keeper=admin)
    assert Connection.objects.get(pk=shared.pk).keeper == admin
    with pytest.raises(PermissionDenied):
        hand_over_connection(actor=as_actor(bob), connection=shared, keeper=bob)


@pytest.mark.parametrize("name", ["viewer", "charlie"])
def test_only_a_member_who_may_add_connections_becomes_keeper(
    request: pytest.FixtureRequest, name: str, bob: User, shared: Connection
) -> None:
    with pytest.raises(ValidationError, match="Choose a member"):
        hand_over_connection(actor=as_actor(bob), connection=shared, keeper=request.getfixturevalue(name))
    assert Connection.objects.get(pk=shared.pk).keeper == bob


def test_private_connections_and_the_bundled_engines_are_not_handed_over(
    alice: User, bob: User, bundled: Connection
) -> None:
    for actor, connection in ((bob, make_hosted_connection(bob)), (alice, bundled)):
        with pytest.raises(PermissionDenied):
            hand_over_connection(actor=as_actor(actor), connection=connection, keeper=alice)


def test_a_new_keeper_replaces_the_token_and_nobody_takes_it_away_from_the_team(
    bob: User, admin: User, shared: Connection
) -> None:
    hand_over_connection(actor=as_actor(bob), connection=shared, keeper=admin)
    replace_token(actor=as_actor(admin), connection=shared, token="another-token-altogether")
    for person in (admin, bob):
        with pytest.raises(PermissionDenied):
            set_connection_privacy(actor=as_actor(person), connection=shared, private=True)
    with pytest.raises(PermissionDenied):
        replace_token(actor=as_actor(bob), connection=shared, token="yet-another-token-here")
    assert Connection.objects.get(pk=shared.pk).token.open() == "another-token-altogether"


def test_a_connection_whose_keeper_was_deleted_or_left_needs_one(
    alice: User, bob: User, shared: Connection, bundled: Connection
) -> None:
    def list_needing() -> list[Connection]:
        return [row for row in Connection.objects.fetch_people() if row.needs_keeper]

    make_hosted_connection(alice, name="Private")
    assert list_needing() == []
    Membership.objects.filter(user=bob).delete()
    assert list_needing() == [shared]
    bob.delete()
    shared.refresh_from_db()
    assert (shared.keeper, list_needing()) == (None, [shared])
    hand_over_connection(actor=as_actor(alice), connection=shared, keeper=alice)
    assert list_needing() == []
