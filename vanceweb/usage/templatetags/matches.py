"""The matching of charges on pages: alerts, jobs without a charge, and who may correct a row."""

from typing import Any

from django import template

from vanceweb.jobs.models import Job
from vanceweb.teams.access import Actor
from vanceweb.usage.alerts import find_open_alerts
from vanceweb.usage.models import UsageAlert, UsageRecord
from vanceweb.usage.uncharged import MOST_SHOWN, list_uncharged_jobs

register = template.Library()
# Where a request keeps the alerts that it has read.
ATTRIBUTE = "usage_alerts"


@register.simple_tag(takes_context=True)
def get_alerts(context: template.Context) -> list[UsageAlert]:
    """Return the open alerts for the page's actor. One query for a request, however often it asks."""
    request: Any = context["request"]
    if not hasattr(request, ATTRIBUTE):
        actor = context.get("actor")
        setattr(request, ATTRIBUTE, list(find_open_alerts(actor)) if actor else [])
    alerts: list[UsageAlert] = getattr(request, ATTRIBUTE)
    return alerts


@register.filter
def list_uncharged(actor: Actor) -> list[Job]:
    """Return the newest jobs without a charge. One query."""
    return list_uncharged_jobs(actor)


@register.filter
def has_more_than_shown(jobs: list[Job]) -> bool:
    """Return whether there are more jobs without a charge than a page lists."""
    return len(jobs) > MOST_SHOWN


@register.filter
def is_correctable_by(record: UsageRecord, actor: Actor | None) -> bool:
    """Return whether the page's actor may say which job the charge is for."""
    return bool(actor and actor.can_correct_charge(record))
