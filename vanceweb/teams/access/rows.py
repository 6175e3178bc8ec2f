"""The rows that an actor, or a row of theirs, may see, use or change."""

from typing import Any, TypeVar

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from vanceweb.teams.access.actor_lookup import get_actor
from vanceweb.teams.access.actors import Actor
from vanceweb.teams.access.current_actor import set_current_actor
from vanceweb.teams.access.roles import Action
from vanceweb.teams.models import Ownership, TeamOwned, User

Row = TypeVar("Row", bound=TeamOwned)


def filter_visible(queryset: QuerySet[Row], actor: Actor) -> QuerySet[Row]:
    """Return the rows of the actor's team that the actor may see."""
    return queryset.filter(Q(private_to=None) | Q(private_to=actor.user), team=actor.team)


def filter_usable(queryset: QuerySet[Row], ownership: Ownership) -> QuerySet[Row]:
    """Return the rows that a row of this ownership may use: those of its team that the person who made it may see.

    Who may spend is decided when a job is submitted or retried, not here: a role that is lowered or a rule that changes
    afterwards doesn't stop a job that was allowed to begin.
    """
    return queryset.filter(Q(private_to=None) | Q(private_to=ownership.created_by_id), team=ownership.team_id)


def filter_editable(queryset: QuerySet[Row], actor: Actor) -> QuerySet[Row]:
    """Return the rows of the actor's team that the actor may change."""
    rows = filter_visible(queryset, actor)
    if actor.can(Action.EDIT_ALL):
        return rows
    return rows.filter(created_by=actor.user) if actor.can(Action.EDIT_OWN) else rows.none()


def get_visible_or_404(request: HttpRequest, queryset: QuerySet[Row], **lookup: Any) -> tuple[Row, Actor]:
    """Return the row matching `lookup`, with the request's user as an actor in the row's team.

    Raise the same Http404 for missing rows, for rows of other teams and for rows private to somebody else.
    """
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        raise Http404
    mine = queryset.filter(Q(private_to=None) | Q(private_to=user), team__memberships__user=user, team__deleted_at=None)
    row = get_object_or_404(mine.select_related("team"), **lookup)
    actor = get_actor(user, row.team)
    if actor is None:
        raise Http404
    return row, set_current_actor(request, actor)
