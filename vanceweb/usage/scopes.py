"""The choice of whose connections the pages of usage count, and of whose charges they show."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists

from vanceweb.budgets.alerts import filter_alerts
from vanceweb.teams.access import Actor
from vanceweb.teams.models import Team, User
from vanceweb.teams.person_filter import PersonFilter
from vanceweb.usage.alerts import find_open_alerts
from vanceweb.usage.figures.filters import Filters, UsageScope
from vanceweb.usage.models import UsageMonth
from vanceweb.vault.models import Connection


@dataclass(frozen=True)
class _Presence:
    """The things that pages of usage show only if there are any."""

    private_connections: bool
    private_charges: bool
    alerts: bool
    budget_alerts: bool


def _read_presence(actor: Actor) -> _Presence:
    """Return what there is for the actor. One query."""
    mine = {"team": actor.team, "private_to": actor.user}
    teams = Team.objects.filter(pk=actor.team.pk).values_list(
        Exists(Connection.objects.filter(**mine)),
        Exists(UsageMonth.objects.filter(**mine)),
        Exists(find_open_alerts(actor)),
        Exists(filter_alerts(actor)),
    )
    return _Presence(*teams.get())


def build_scope_context(actor: Actor, filters: Filters, *, people: Sequence[User] | None = None) -> dict[str, Any]:
    """Return what the templates of the choices need. Members see their own charges only, and choose nobody's.

    `people` are those who can be chosen, if they are known already."""
    is_private = filters.scope == UsageScope.PRIVATE
    offers_people = actor.can_see_all_usage and not is_private
    there = _read_presence(actor)
    has_private = there.private_connections or there.private_charges
    return {
        "scopes": list(UsageScope) if has_private else [UsageScope.TEAM],
        "has_alerts": there.alerts,
        "has_budget_alerts": there.budget_alerts,
        "chosen_scope": filters.scope,
        "scope_query": f"?{urlencode({'scope': filters.scope.value})}" if is_private else "",
        "person_filter": PersonFilter(actor, filters.person, people) if offers_people else None,
    }
