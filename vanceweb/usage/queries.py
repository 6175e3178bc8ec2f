"""Queries for the pages of usage."""

from vanceweb.teams.access import Actor, filter_visible
from vanceweb.usage.models import UsageExport
from vanceweb.vault.models import Connection


def get_balances(actor: Actor) -> list[Connection]:
    """Return the connections that the actor may see with their balances and `history_sync`, in one query."""
    return list(filter_visible(Connection.objects.without_token().select_related("history_sync"), actor))


def list_exports(actor: Actor) -> list[UsageExport]:
    """Return the actor's own exports that are kept, newest first."""
    return list(UsageExport.objects.filter(team=actor.team, private_to=actor.user).order_by("-created_at"))
