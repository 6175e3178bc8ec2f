"""The acts of administrators of the installation on people: delete them, and appoint owners."""

from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from vanceweb.api.webhook_services import leave_webhooks
from vanceweb.ops.departures import give_keeper
from vanceweb.ops.private_work import PrivateWork, count_private_work, delete_work, hand_over_work
from vanceweb.ops.team_deletion import start_grace
from vanceweb.teams.access import list_successors
from vanceweb.teams.audit import Performer, record_event
from vanceweb.teams.memberships import MembershipRefused, check_owned_teams, lock_teams
from vanceweb.teams.models import AuditAction, Membership, Role, Team, User
from vanceweb.teams.services import check_administrator_stays


@dataclass(frozen=True)
class TeamFate:
    """The effects of a person's deletion on one of their teams."""

    team: Team
    work: PrivateWork
    # Nobody else is in the team: it is deleted, too.
    is_deleted: bool


@transaction.atomic
def delete_person(*, user: User, by: Performer, heir: User | None = None) -> None:
    """Delete a person. Their private work goes to the heir, or is deleted; what they share stays with its teams.

    Shared connections get the heir as keeper, or else an owner of their team. Raise MembershipRefused for the last
    owner of a team with other people, or for an heir who can't take over everywhere; ValidationError for the last
    administrator.
    """
    check_owned_teams(user)
    check_administrator_stays(user)
    if heir is not None and heir not in list_heirs(user):
        raise MembershipRefused(_("Choose a successor who may run jobs in all these teams."))
    for fate in plan_deletion(user):
        performer = replace(by, team=fate.team)
        if fate.is_deleted:
            start_grace(team=fate.team, by=performer)
            delete_work(team=fate.team, user=user)
            continue
        can_keep = heir is not None and heir in list_successors(fate.team, user)
        keeper = heir if heir is not None and can_keep else _find_owner(fate.team, user)
        for connection in fate.work.shared_connections:
            give_keeper(by=performer, connection=connection, keeper=keeper)
        leave_webhooks(user=user, by=performer)
        if heir is None:
            delete_work(team=fate.team, user=user)
        else:
            hand_over_work(team=fate.team, user=user, heir=heir, with_connections=False)
    record_event(AuditAction.PERSON_DELETED, by=by, target=user)
    user.delete()


def plan_deletion(user: User) -> list[TeamFate]:
    """Return what a person's deletion means for each of their teams."""
    return [
        TeamFate(team, count_private_work(team=team, user=user), is_deleted=_is_alone(team, user))
        for team in Team.objects.filter(memberships__user=user)
    ]


def list_heirs(user: User) -> QuerySet[User]:
    """Return the people who can take over what is private to the person, in all teams where something is."""
    heirs = User.objects.filter(is_active=True).exclude(pk=user.pk).order_by("username")
    fates = [fate for fate in plan_deletion(user) if fate.work.has_private and not fate.is_deleted]
    if not fates:
        return heirs.none()
    for fate in fates:
        heirs = heirs.filter(pk__in=list_successors(fate.team, user).values("pk"))
    return heirs


@transaction.atomic
def appoint_owner(*, membership: Membership, by: Performer) -> None:
    """Make a member an owner of a team whose only owner is to go. Raise MembershipRefused if it has several."""
    lock_teams([membership.team_id])
    owners = Membership.objects.filter(team=membership.team, role=Role.OWNER, user__is_active=True)
    if owners.count() > 1:
        raise MembershipRefused(_("The team has several owners. One of them can give the role."))
    old = membership.role
    Membership.objects.filter(pk=membership.pk).update(role=Role.OWNER)
    record_event(
        AuditAction.ROLE_CHANGED, by=by, team=membership.team, target=membership.user, role=Role.OWNER, old_role=old
    )


def _is_alone(team: Team, user: User) -> bool:
    return not team.memberships.exclude(user=user).exists()


def _find_owner(team: Team, user: User) -> User:
    owners = team.memberships.filter(role=Role.OWNER, user__is_active=True).exclude(user=user)
    return owners.select_related("user")[0].user
