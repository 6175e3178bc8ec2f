"""Who may open teams, and who may take over what somebody leaves."""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet

from vanceweb.teams.access.actor_lookup import Person
from vanceweb.teams.access.roles import PERMISSIONS, Action
from vanceweb.teams.models import Role, Team, User


def can_create_teams(user: Person) -> bool:
    """Return whether the person may open a team (TEAM_CREATION)."""
    if not isinstance(user, User) or not user.is_active:
        return False
    return user.is_administrator or settings.TEAM_CREATION == "everyone"


def require_create_teams(user: Person) -> None:
    """Raise PermissionDenied unless the person may open a team."""
    if not can_create_teams(user):
        raise PermissionDenied


def list_successors(team: Team, user: User) -> QuerySet[User]:
    """Return the people of the team who can take over what the user leaves: those who may run jobs there."""
    roles = [role for role in Role if Action.MAKE in PERMISSIONS[role]]
    members = team.memberships.filter(role__in=roles, user__is_active=True).exclude(user=user)
    return User.objects.filter(pk__in=members.values("user")).order_by("username")


def list_allowed_people(team: Team, action: Action) -> QuerySet[User]:
    """Return the active people whose role in the team allows the action."""
    roles = [role for role in Role if action in PERMISSIONS[role]]
    members = team.memberships.filter(role__in=roles, user__is_active=True)
    return User.objects.filter(pk__in=members.values("user")).order_by("username")
