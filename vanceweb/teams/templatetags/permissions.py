"""Filters for every page: what the page's actor may do with a row. And the mark of the current page."""

from django import template
from django.utils.safestring import SafeString, mark_safe

from vanceweb.teams.access import Actor
from vanceweb.teams.models import TeamOwned

register = template.Library()


@register.filter
def is_withdrawable_by(row: TeamOwned, actor: Actor | None) -> bool:
    """Return whether the actor may take the row back."""
    return bool(actor and actor.can_withdraw(row))


@register.filter
def is_made_by(row: TeamOwned, actor: Actor | None) -> bool:
    """Return whether the actor made the row."""
    return bool(actor and actor.has_made(row))


@register.filter
def is_editable_by(row: TeamOwned, actor: Actor | None) -> bool:
    """Return whether the page's actor may change the row."""
    return bool(actor and actor.can_edit(row))


@register.simple_tag(takes_context=True)
def current(context: template.Context, *names: str) -> SafeString:
    """Return `aria-current="page"` if the current page is one of the named URLs."""
    request = context.get("request")
    match = getattr(request, "resolver_match", None)
    return mark_safe(' aria-current="page"') if match is not None and match.url_name in names else mark_safe("")


@register.filter
def is_visible_to(row: TeamOwned, actor: Actor | None) -> bool:
    """Return whether the actor may see the row."""
    return bool(actor and actor.can_see(row))
