"""Queries for the pages of usage."""

from django.db.models import Exists, OuterRef

from vanceweb.teams.access import Actor, filter_visible
from vanceweb.usage.models import UsageAlert, UsageExport
from vanceweb.vault.models import Connection


def get_balances(actor: Actor) -> list[Connection]:
    """Return the connections that the actor may see with their balances and `history_sync`, in one query.

    `has_alert` says whether there is an open alert about charges from elsewhere.
    """
    alerts = UsageAlert.objects.filter(connection=OuterRef("pk"), dismissed_at=None)
    rows = Connection.objects.without_token().select_related("history_sync").annotate(has_alert=Exists(alerts))
    return list(filter_visible(rows, actor))


def list_exports(actor: Actor) -> list[UsageExport]:
    """Return the actor's own exports that are kept, newest first."""
    return list(UsageExport.objects.filter(team=actor.team, private_to=actor.user).order_by("-created_at"))
