"""The rights of a page's actor as a keeper of connections, and the tokens that they are asked to replace."""

from django import template

from vanceweb.teams.access import Actor
from vanceweb.vault.models import Connection
from vanceweb.vault.rejections import find_rejected_connections

register = template.Library()


@register.filter
def find_rejected(actor: Actor | None) -> list[Connection]:
    """Return the connections whose refused token is for the actor to replace. One query."""
    return list(find_rejected_connections(actor)) if actor else []


@register.filter
def is_token_replaceable_by(connection: Connection, actor: Actor | None) -> bool:
    """Return whether the actor may replace the token."""
    return bool(actor and not connection.is_bundled and actor.can_replace_secret(connection))


@register.filter
def is_privatised_by(connection: Connection, actor: Actor | None) -> bool:
    """Return whether the actor may share the connection or make it private."""
    return bool(actor and not connection.is_bundled and actor.can_privatise(connection))


@register.filter
def is_handed_over_by(connection: Connection, actor: Actor | None) -> bool:
    """Return whether the actor may name another keeper."""
    return bool(actor and not connection.is_bundled and actor.can_hand_over(connection))
