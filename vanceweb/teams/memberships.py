"""Writes on who is in a team, in which role. Each locks the team, so a team always keeps an owner who can sign in.

Leaving and removal also concern private work: `ops/departures.py` has these as a whole.
"""

from collections.abc import Iterable
from dataclasses import replace

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from vanceweb.teams.access import Actor, get_actor, require_change_role, require_grant, require_manage_member
from vanceweb.teams.audit import record_event
from vanceweb.teams.models import AuditAction, Membership, Role, Team, User


class MembershipRefused(Exception):
    """The change would leave a team without an owner. The message is a sentence that says what to do."""


@transaction.atomic
def change_role(*, actor: Actor, membership: Membership, role: Role) -> None:
    """Give a member another role. Raise PermissionDenied, and MembershipRefused for the last owner."""
    actor, member = lock_member(actor, membership)
    require_change_role(actor, member)
    require_grant(actor, role)
    if member.role == role:
        return
    if role != Role.OWNER:
        check_owner_stays(member)
    old = member.role
    member.role = role
    member.save(update_fields=["role"])
    record_event(AuditAction.ROLE_CHANGED, by=actor.performer, target=member.user, role=role, old_role=old)


@transaction.atomic
def end_membership(*, actor: Actor, membership: Membership) -> None:
    """Take a person out of the team: the actor themselves, or somebody whom they may remove.

    Raise PermissionDenied, and MembershipRefused for the last owner.
    """
    actor, member = lock_member(actor, membership)
    is_own = member.user_id == actor.user.pk
    if not is_own:
        require_manage_member(actor, member)
    check_owner_stays(member)
    member.delete()
    action = AuditAction.MEMBER_LEFT if is_own else AuditAction.MEMBER_REMOVED
    record_event(action, by=actor.performer, target=member.user, role=member.role)


def lock_member(actor: Actor, membership: Membership) -> tuple[Actor, Membership]:
    """Lock the team, and return the actor and the member with the roles that they have now.

    Raise PermissionDenied if one of them isn't in the team any more. Call it inside a transaction.
    """
    lock_teams([actor.team.pk])
    current = get_actor(actor.user, actor.team)
    member = Membership.objects.select_related("user", "team").filter(pk=membership.pk, team=actor.team).first()
    if current is None or member is None:
        raise PermissionDenied
    return replace(current, address=actor.address, via=actor.via), member


def lock_teams(ids: Iterable[int]) -> list[Team]:
    """Lock teams in the order of their ids, as everybody who changes who is in them. Call it inside a transaction."""
    return list(Team.objects.select_for_update().filter(pk__in=list(ids)).order_by("pk"))


def check_owner_stays(membership: Membership) -> None:
    """Raise MembershipRefused if the team would have no owner who can sign in without this member."""
    if membership.role != Role.OWNER or _filter_owners(membership.team).exclude(pk=membership.pk).exists():
        return
    names = {"name": membership.user.get_username(), "team": membership.team.name}
    if membership.team.memberships.count() == 1:
        raise MembershipRefused(_("%(name)s is the only person in %(team)s. Delete the team instead.") % names)
    raise MembershipRefused(
        _("%(name)s is the only owner of %(team)s. Make somebody else an owner first, on the page People.") % names
    )


def check_owned_teams(user: User) -> None:
    """Raise MembershipRefused if one of the user's teams would have no owner without them.

    For those who are about to be deactivated or deleted. Call it inside that transaction: it locks the teams. A team in
    which nobody else is may stay without one.
    """
    owned = Membership.objects.filter(user=user, role=Role.OWNER)
    lock_teams(owned.values_list("team_id", flat=True))
    for membership in owned.select_related("user", "team"):
        if membership.team.memberships.count() > 1:
            check_owner_stays(membership)


def find_sole_teams(user: User) -> list[Team]:
    """Return the teams, besides those that are closed, that would have no owner who can sign in without the user."""
    owned = Membership.objects.filter(user=user, role=Role.OWNER, team__deleted_at=None).select_related("team")
    return [row.team for row in owned if not _filter_owners(row.team).exclude(pk=row.pk).exists()]


def _filter_owners(team: Team) -> QuerySet[Membership]:
    """Return the memberships of the owners who can sign in."""
    return team.memberships.filter(role=Role.OWNER, user__is_active=True)
