"""The rows that an actor may spend on: `Actor.can_spend_on` for many rows in one query."""

from typing import TypeVar, cast

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When

from vanceweb.teams.access.actors import Actor
from vanceweb.teams.access.roles import Action
from vanceweb.teams.access.rows import filter_visible
from vanceweb.teams.models import Role
from vanceweb.teams.models.keeping import TeamKept

KeptRow = TypeVar("KeptRow", bound=TeamKept)


def filter_spendable(queryset: QuerySet[KeptRow], actor: Actor) -> QuerySet[KeptRow]:
    """Return the rows of the actor's team that the actor may spend on (`Actor.can_spend_on`)."""
    return filter_visible(queryset, actor).filter(_build_spending_condition(actor, queryset.model))


def add_may_spend(queryset: QuerySet[KeptRow], actor: Actor) -> QuerySet[KeptRow]:
    """Return the rows that the actor may see. `may_spend` tells of each whether they may spend on it."""
    may_spend = Case(When(_build_spending_condition(actor, queryset.model), then=Value(True)), default=Value(False))
    return cast("QuerySet[KeptRow]", filter_visible(queryset, actor).annotate(may_spend=may_spend))


def _build_spending_condition(actor: Actor, model: type[TeamKept]) -> Q:
    """Return the condition for `can_spend_on`, for rows that the actor may see."""
    if not actor.can(Action.SPEND):
        return Q(pk__in=[])
    allowed = [role for role in Role if role.rank <= actor.role.rank]
    named = Exists(model._default_manager.filter(pk=OuterRef("pk"), spend_role="", spenders=actor.user))
    return Q(private_to=actor.user) | Q(keeper=actor.user) | Q(spend_role__in=allowed) | Q(named)
