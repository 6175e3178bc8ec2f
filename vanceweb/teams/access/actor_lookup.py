"""Finding the actor that a person is in a team."""

from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser
from django.http import Http404
from django.utils.translation import gettext as _

from vanceweb.teams.access.actors import Actor
from vanceweb.teams.models import Membership, Role, Team, User

Person = User | AnonymousUser


def get_actor(user: Person, team: Team) -> Actor | None:
    """Return the user as an actor in the team, None if they aren't in it or aren't active, or if it is closed."""
    return find_actor(user, lambda membership: membership.team_id == team.pk and not membership.team.is_closed)


def get_actor_or_404(user: Person, slug: str) -> Actor:
    """Return the user as an actor in the team of this slug. Raise Http404 for strangers and for missing teams alike.

    A closed team is missing, too.
    """
    actor = find_actor(user, lambda membership: membership.team.slug == slug and not membership.team.is_closed)
    if actor is None:
        raise Http404(_("This team does not exist."))
    return actor


def get_owner_of_closed_or_404(user: Person, slug: str) -> Actor:
    """Return the user as an owner of the closed team of this slug. Raise Http404 for everybody else."""
    actor = find_actor(user, lambda membership: membership.team.slug == slug and membership.team.is_closed)
    if actor is None or not actor.can_manage_team:
        raise Http404(_("This team does not exist."))
    return actor


def find_home_actor(user: Person, *, team_id: object = None) -> Actor | None:
    """Return the user as an actor in the team `team_id`, or else in the one they joined first; None without a team."""
    memberships = list_memberships(user)
    open_ones = [membership for membership in memberships if not membership.team.is_closed]
    chosen = next((row for row in open_ones if row.team_id == team_id), None) or next(iter(open_ones), None)
    return None if chosen is None else _build_actor(chosen, memberships)


def list_memberships(user: Person) -> tuple[Membership, ...]:
    """Return the user's memberships with their teams, the oldest first; closed teams only for their owners."""
    if not isinstance(user, User) or not user.is_active:
        return ()
    rows = Membership.objects.select_related("team").filter(user=user)
    for row in rows:
        row.user = user
    return tuple(row for row in rows if not row.team.is_closed or row.role == Role.OWNER)


def find_actor(user: Person, is_wanted: Callable[[Membership], bool]) -> Actor | None:
    """Return the user as an actor by the oldest wanted membership, in a closed team only for its owners."""
    memberships = list_memberships(user)
    membership = next(filter(is_wanted, memberships), None)
    return None if membership is None else _build_actor(membership, memberships)


def _build_actor(membership: Membership, memberships: tuple[Membership, ...]) -> Actor:
    return Actor(membership.user, membership.team, Role(membership.role), memberships=memberships)
