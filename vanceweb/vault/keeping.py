"""The keepers of connections, and who may spend on them."""

from collections.abc import Collection

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from vanceweb.teams.access import PERMISSIONS, Action, Actor, get_actor
from vanceweb.teams.audit import record_event
from vanceweb.teams.models import AuditAction, Membership, Role, Team, User
from vanceweb.vault.models import Connection


def find_connections_kept_by(user: User, team: Team) -> QuerySet[Connection]:
    """Return the shared connections of the team that the user keeps: if they leave, these need a successor."""
    return Connection.objects.without_token().filter(team=team, keeper=user, private_to=None)


def find_possible_keepers(team: Team) -> QuerySet[User]:
    """Return the members of the team who may keep its connections."""
    return _filter_members(team, Action.MAKE)


def find_possible_spenders(team: Team) -> QuerySet[User]:
    """Return the members of the team who may spend at all: not its viewers."""
    return _filter_members(team, Action.SPEND)


@transaction.atomic
def hand_over_connection(*, actor: Actor, connection: Connection, keeper: User) -> None:
    """Make another member of the team the keeper of its connection, as a keeper before they leave or as an admin.

    The new keeper never sees the token: all that they can do with it is to replace it. Raise PermissionDenied, and
    ValidationError with the field `keeper`.
    """
    locked = Connection.objects.without_token().select_for_update(of=("self",)).get(pk=connection.pk)
    if locked.is_bundled or not actor.can_hand_over(locked):
        raise PermissionDenied
    successor = get_actor(keeper, actor.team)
    if successor is None or not successor.can_keep(locked):
        raise ValidationError({"keeper": [_("Choose a member of the team who can add connections.")]})
    if locked.keeper_id == keeper.pk:
        return
    connection.keeper = keeper
    connection.save(update_fields=["keeper"])
    record_event(AuditAction.CONNECTION_HANDED_OVER, by=actor.performer, target=connection, name=keeper.get_username())


@transaction.atomic
def set_spenders(*, actor: Actor, connection: Connection, spend_role: str, people: Collection[User]) -> None:
    """Set who may spend on a connection of the team: everybody from this role up or, if it is empty, these people.

    Raise PermissionDenied, and ValidationError with the fields `spend_role` and `people`.
    """
    locked = Connection.objects.without_token().select_for_update(of=("self",)).get(pk=connection.pk)
    if not actor.can_set_spenders(locked):
        raise PermissionDenied
    if spend_role and spend_role not in (Role.MEMBER, Role.ADMIN, Role.OWNER):
        raise ValidationError({"spend_role": [_("Choose who may spend.")]})
    named = [] if spend_role else list(people)
    if not spend_role and not named:
        raise ValidationError({"people": [_("Name at least one person.")]})
    allowed = find_possible_spenders(actor.team).filter(pk__in=[person.pk for person in named])
    if allowed.count() < len({person.pk for person in named}):
        raise ValidationError({"people": [_("Name members of the team who may spend.")]})
    before = (locked.spend_role, set(locked.spenders.values_list("pk", flat=True)))
    if before == (spend_role, {person.pk for person in named}):
        return
    connection.spend_role = spend_role
    connection.save(update_fields=["spend_role"])
    connection.spenders.set(named)
    record_event(
        AuditAction.CONNECTION_SPENDERS_CHANGED,
        by=actor.performer,
        target=connection,
        role=spend_role,
        name=", ".join(person.get_username() for person in named),
    )


def _filter_members(team: Team, action: Action) -> QuerySet[User]:
    roles = [role for role in Role if action in PERMISSIONS[role]]
    members = Membership.objects.filter(team=team, role__in=roles)
    return User.objects.filter(pk__in=members.values("user"), is_active=True).order_by("username")
