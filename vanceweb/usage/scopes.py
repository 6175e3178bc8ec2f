"""The choice of whose connections the pages of usage count, and of whose charges they show."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists

from vanceweb.budgets.alerts import filter_alerts
from vanceweb.teams.access import Actor
from vanceweb.teams.models import Team, User
from vanceweb.teams.person_filter import PersonFilter
from vanceweb.usage.figures.filters import Filters, UsageScope
from vanceweb.usage.models import UsageMonth
from vanceweb.vault.models import Connection


def _read_presence(actor: Actor) -> tuple[bool, bool]:
    """Return whether the actor has anything private here, and whether an alert of a budget is open. One query."""
    mine = {"team": actor.team, "private_to": actor.user}
    teams = Team.objects.filter(pk=actor.team.pk).values_list(
        Exists(Connection.objects.filter(**mine)),
        Exists(UsageMonth.objects.filter(**mine)),
        Exists(filter_alerts(actor)),
    )
    [(has_connection, has_sums, has_alert)] = teams
    return has_connection or has_sums, has_alert


def build_scope_context(actor: Actor, filters: Filters, *, people: Sequence[User] | None = None) -> dict[str, Any]:
    """Return what the templates of the choices need. Members see their own charges only, and choose nobody's.

    `people` are those who can be chosen, if they are known already."""
    is_private = filters.scope == UsageScope.PRIVATE
    offers_people = actor.can_see_all_usage and not is_private
    has_private, has_alert = _read_presence(actor)
    return {
        "scopes": list(UsageScope) if has_private else [UsageScope.TEAM],
        "has_budget_alerts": has_alert,
        "chosen_scope": filters.scope,
        "scope_query": f"?{urlencode({'scope': filters.scope.value})}" if is_private else "",
        "person_filter": PersonFilter(actor, filters.person, people) if offers_people else None,
    }
