"""The charges, and the sums of charges, that an actor may see."""

from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from vanceweb.teams.access.actors import Actor
from vanceweb.teams.access.roles import Action
from vanceweb.teams.access.rows import filter_visible
from vanceweb.teams.models import TeamOwned
from vanceweb.teams.models.keeping import TeamKept

KeptRow = TypeVar("KeptRow", bound=TeamKept)
Row = TypeVar("Row", bound=TeamOwned)
# A row of a team that nobody made, such as a sum or a budget.
Counted = TypeVar("Counted", bound=Model)


def filter_answerable(queryset: QuerySet[KeptRow], actor: Actor) -> QuerySet[KeptRow]:
    """Return the rows of the actor's team of whose trouble the actor is told (`Actor.can_answer_for`)."""
    rows = filter_visible(queryset, actor)
    return rows if actor.can(Action.MANAGE_CONNECTIONS) else rows.filter(keeper=actor.user)


def filter_usage(queryset: QuerySet[Counted], actor: Actor, *, private: bool) -> QuerySet[Counted]:
    """Return the charges, or the sums of charges, of the team's connections, or those private to the actor.

    They are for sums: `filter_own_usage` says which single charges the actor may see.
    """
    return queryset.filter(team=actor.team, private_to=actor.user if private else None)


def filter_own_usage(queryset: QuerySet[Row], actor: Actor, *, private: bool) -> QuerySet[Row]:
    """Return the single charges that the actor may see: their private ones; the team's own to them, to admins all."""
    rows = filter_usage(queryset, actor, private=private)
    return rows if private or actor.can_see_all_usage else rows.filter(created_by=actor.user)


def filter_concerning(queryset: QuerySet[Counted], actor: Actor) -> QuerySet[Counted]:
    """Return the budgets of the actor's team that concern them: those of nobody in particular, and their own.

    Whoever manages budgets sees everybody's.
    """
    rows = queryset.filter(team=actor.team)
    return rows if actor.can(Action.MANAGE_BUDGETS) else rows.filter(Q(person=None) | Q(person=actor.user))
