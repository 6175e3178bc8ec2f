"""Roles change and people go under a lock on the team, which always keeps an owner who can sign in."""

import threading
from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from tests.conftest import PASSWORD, as_actor
from vanceweb.ops.services import create_person
from vanceweb.teams.access import Actor
from vanceweb.teams.memberships import MembershipRefused, change_role, check_owned_teams, end_membership
from vanceweb.teams.models import AuditAction, AuditEvent, Membership, Role, Team, User


def get_membership(user: User) -> Membership:
    return Membership.objects.get(user=user)


def get_role(user: User) -> str:
    return get_membership(user).role


def list_owners() -> list[str]:
    owners = Membership.objects.filter(role=Role.OWNER).order_by("user__username")
    return list(owners.values_list("user__username", flat=True))


def make_owner(alice: User, name: str = "olivia") -> User:
    return create_person(actor=as_actor(alice), username=name, password=PASSWORD, role=Role.OWNER)


def test_an_owner_gives_any_role_and_the_log_tells(alice: User, bob: User) -> None:
    for role in (Role.OWNER, Role.VIEWER, Role.ADMIN):
        change_role(actor=as_actor(alice), membership=get_membership(bob), role=role)
        assert get_role(bob) == role
    event = AuditEvent.objects.filter(action=AuditAction.ROLE_CHANGED).latest("pk")
    assert (event.person_name, event.target_name) == ("alice", "bob")
    assert event.details == {"role": "admin", "old_role": "viewer"}


@pytest.mark.parametrize(
    ("target", "role", "is_allowed"),
    [
        ("bob", Role.VIEWER, True),
        ("bob", Role.ADMIN, False),
        ("bob", Role.OWNER, False),
        ("alice", Role.MEMBER, False),
        ("admin", Role.MEMBER, False),
    ],
)
def test_an_admin_changes_only_roles_below_their_own_to_such_roles(
    target: str, role: Role, is_allowed: bool, alice: User, bob: User, admin: User
) -> None:
    membership = Membership.objects.get(user__username=target)
    if is_allowed:
        change_role(actor=as_actor(admin), membership=membership, role=role)
        assert get_role(bob) == role
    else:
        with pytest.raises(PermissionDenied):
            change_role(actor=as_actor(admin), membership=membership, role=role)
        assert Membership.objects.get(user__username=target).role == membership.role


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER])
def test_others_change_and_remove_nobody(role: Role, alice: User, bob: User, viewer: User) -> None:
    actor = Actor(bob, as_actor(bob).team, role)
    Membership.objects.filter(user=bob).update(role=role)
    with pytest.raises(PermissionDenied):
        change_role(actor=actor, membership=get_membership(viewer), role=Role.VIEWER)
    with pytest.raises(PermissionDenied):
        end_membership(actor=actor, membership=get_membership(viewer))


def test_nobody_changes_a_member_of_another_team(alice: User, charlie: User) -> None:
    for call in (lambda m: change_role(actor=as_actor(alice), membership=m, role=Role.VIEWER),
                 lambda m: end_membership(actor=as_actor(alice), membership=m)):  # fmt: skip
        with pytest.raises(PermissionDenied):
            call(get_membership(charlie))
    assert get_role(charlie) == Role.OWNER


def test_the_last_owner_is_neither_lowered_nor_leaves(alice: User, bob: User) -> None:
    with pytest.raises(MembershipRefused, match="alice is the only owner of Studio"):
        change_role(actor=as_actor(alice), membership=get_membership(alice), role=Role.ADMIN)
    with pytest.raises(MembershipRefused, match="only owner"):
        end_membership(actor=as_actor(alice), membership=get_membership(alice))
    assert list_owners() == ["alice"]


def test_the_only_person_is_told_to_delete_the_team(alice: User) -> None:
    with pytest.raises(MembershipRefused, match="Delete the team instead"):
        end_membership(actor=as_actor(alice), membership=get_membership(alice))


def test_an_owner_who_cannot_sign_in_does_not_count(alice: User, bob: User) -> None:
    olivia = make_owner(alice)
    User.objects.filter(pk=olivia.pk).update(is_active=False)
    with pytest.raises(MembershipRefused, match="only owner"):
        end_membership(actor=as_actor(alice), membership=get_membership(alice))


def test_one_of_two_owners_lowers_themselves_or_leaves(alice: User) -> None:
    olivia = make_owner(alice)
    change_role(actor=as_actor(olivia), membership=get_membership(olivia), role=Role.MEMBER)
    assert get_role(olivia) == Role.MEMBER
    end_membership(actor=as_actor(olivia), membership=get_membership(olivia))
    assert not Membership.objects.filter(user=olivia).exists()
    assert AuditEvent.objects.latest("pk").action == AuditAction.MEMBER_LEFT


def test_an_owner_removes_another_owner(alice: User) -> None:
    olivia = make_owner(alice)
    end_membership(actor=as_actor(alice), membership=get_membership(olivia))
    assert AuditEvent.objects.latest("pk").action == AuditAction.MEMBER_REMOVED
    assert list_owners() == ["alice"]


def test_a_person_without_whom_a_team_has_no_owner_is_not_deactivated(alice: User, bob: User, charlie: User) -> None:
    with pytest.raises(MembershipRefused, match="only owner of Studio"):
        check_owned_teams(alice)
    check_owned_teams(bob)
    # Nobody else is in the team.
    check_owned_teams(charlie)


def run_at_once(*calls: Callable[[], None]) -> list[Exception]:
    """Run the calls in threads of their own, at the same moment, and return what they raised."""
    barrier, raised = threading.Barrier(len(calls)), []

    def run(call: Callable[[], None]) -> None:
        try:
            barrier.wait()
            call()
        except Exception as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.mark.parametrize("act", ["lower", "remove", "leave"])
@pytest.mark.django_db(transaction=True)
def test_two_owners_at_the_same_moment_leave_one(postgresql: None, act: str, alice: User) -> None:
    bob = make_owner(alice, "bob")
    for _ in range(5):
        Membership.objects.get_or_create(user=bob, team=Team.objects.get(), defaults={"role": Role.OWNER})
        Membership.objects.get_or_create(user=alice, team=Team.objects.get(), defaults={"role": Role.OWNER})
        Membership.objects.update(role=Role.OWNER)
        pairs = [(as_actor(alice), get_membership(bob)), (as_actor(bob), get_membership(alice))]

        def apply(actor: Actor, other: Membership) -> None:
            if act == "lower":
                change_role(actor=actor, membership=other, role=Role.MEMBER)
            elif act == "remove":
                end_membership(actor=actor, membership=other)
            else:
                end_membership(actor=actor, membership=get_membership(actor.user))

        raised = run_at_once(*(lambda pair=pair: apply(*pair) for pair in pairs))
        assert len(list_owners()) == 1
        assert [type(error) for error in raised] in ([PermissionDenied], [MembershipRefused])
