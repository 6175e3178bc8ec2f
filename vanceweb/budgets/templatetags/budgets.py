"""The alerts of budgets that a page shows."""

from django import template

from vanceweb.budgets.alerts import find_alerts
from vanceweb.budgets.models import BudgetAlert
from vanceweb.teams.access import Actor

register = template.Library()


@register.filter
def find_budget_alerts(actor: Actor | None) -> list[BudgetAlert]:
    """Return the alerts of the present period that concern the actor. One query."""
    return find_alerts(actor) if actor else []
