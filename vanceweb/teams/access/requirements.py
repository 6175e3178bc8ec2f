"""Requirements: each answers 403 to an actor who may not do what they ask for."""

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied

from vanceweb.teams.access.actors import Actor
from vanceweb.teams.access.roles import Action
from vanceweb.teams.models import Invitation, Membership, Role, TeamOwned, User
from vanceweb.teams.models.keeping import TeamKept


def require(actor: Actor, action: Action) -> None:
    """Raise PermissionDenied unless the actor may do this."""
    if not actor.can(action):
        raise PermissionDenied


def require_editable(actor: Actor, row: TeamOwned) -> None:
    """Raise PermissionDenied unless the actor may change this row."""
    if not actor.can_edit(row):
        raise PermissionDenied


def require_secret_replaceable(actor: Actor, row: TeamKept) -> None:
    """Raise PermissionDenied unless the actor may replace this row's secret."""
    if not actor.can_replace_secret(row):
        raise PermissionDenied


def require_withdrawable(actor: Actor, row: TeamOwned) -> None:
    """Raise PermissionDenied unless the actor may take this row back."""
    if not actor.can_withdraw(row):
        raise PermissionDenied


def require_shareable(actor: Actor, rows: Iterable[TeamOwned]) -> None:
    """Raise PermissionDenied unless the actor may show these rows to people outside."""
    if not all(actor.can_share(row) for row in rows):
        raise PermissionDenied


def require_own(actor: Actor, row: TeamOwned) -> None:
    """Raise PermissionDenied unless the actor made this row and may change it. Nobody shares for somebody else."""
    require_editable(actor, row)
    if not actor.has_made(row):
        raise PermissionDenied


def require_answerable(actor: Actor, row: TeamKept) -> None:
    """Raise PermissionDenied unless the actor is told of trouble with this row."""
    if not actor.can_answer_for(row):
        raise PermissionDenied


def require_correctable(actor: Actor, row: TeamOwned) -> None:
    """Raise PermissionDenied unless the actor may say which job this charge is for."""
    if not actor.can_correct_charge(row):
        raise PermissionDenied


def require_usage_of(actor: Actor, person: User) -> None:
    """Raise PermissionDenied unless the actor may see what somebody spends."""
    if not actor.can_see_usage_of(person.pk):
        raise PermissionDenied


def require_create_people(actor: Actor) -> None:
    """Raise PermissionDenied unless the actor may make accounts for others."""
    if not actor.can_create_people:
        raise PermissionDenied


def require_change_role(actor: Actor, membership: Membership) -> None:
    """Raise PermissionDenied unless the actor may change the role of this member."""
    if not actor.can_change_role(membership):
        raise PermissionDenied


def require_manage_member(actor: Actor, membership: Membership) -> None:
    """Raise PermissionDenied unless the actor may remove this member."""
    if not actor.can_manage_member(membership):
        raise PermissionDenied


def require_grant(actor: Actor, role: Role) -> None:
    """Raise PermissionDenied unless the actor may give somebody this role."""
    if not actor.can_grant(role):
        raise PermissionDenied


def require_revocable(actor: Actor, invitation: Invitation) -> None:
    """Raise PermissionDenied unless the actor may revoke this invitation."""
    if not actor.can_revoke(invitation):
        raise PermissionDenied
