"""The dashboard of usage: what is left, what was spent on what and by whom, and how long it lasts."""

from collections.abc import Iterable
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from vanceweb.lib.leases import LeasedModel
from vanceweb.teams.access import Action, Actor, require, team_page
from vanceweb.teams.return_lists import remember_list
from vanceweb.usage.chart_rows import build_columns, build_rows
from vanceweb.usage.dashboard_address import read_address
from vanceweb.usage.figures.dashboard import compute_dashboard
from vanceweb.usage.figures.filters import Dimension
from vanceweb.usage.figures.periods import Bucket, Preset
from vanceweb.usage.scopes import build_scope_context
from vanceweb.usage.services import request_refresh
from vanceweb.vault.models import Connection

# The page reloads by itself while a refresh requested this recently has no result.
WATCH_SECONDS = 30


@require_safe
@team_page
def usage(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the figures of a period, as the address filters and divides them. The page polls during a refresh."""
    asked = read_address(request.GET, actor)
    board = compute_dashboard(actor, asked.period, asked.filters, asked.today, bucket=asked.bucket, by=asked.by)
    context = {
        "asked": asked,
        "board": board,
        "columns": build_columns(board.bars),
        "chart_rows": build_rows(board.bars, asked.period, asked.filters),
        "presets": Preset,
        "buckets": Bucket,
        "dimensions": Dimension,
        "waiting": _is_refreshing(board.connections),
        **build_scope_context(actor, asked.filters, people=board.people),
    }
    status = 422 if asked.errors else 200
    return remember_list(request, render(request, "usage/dashboard.html", context, status=status))


@require_POST
@team_page
def usage_refresh(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Enqueue readings of balances and histories; the page, with its filter, shows them once a worker has read them."""
    require(actor, Action.MAKE)
    request_refresh(actor=actor)
    return redirect(reverse("usage", args=[actor.team.slug], query=request.GET or None))


def _is_refreshing(connections: Iterable[Connection]) -> bool:
    """Return whether a reading is due for which a worker was woken recently, and hasn't ended yet."""
    now = timezone.now()
    recently = now - timedelta(seconds=WATCH_SECONDS)
    rows: list[LeasedModel | None] = []
    for connection in connections:
        rows += [connection, getattr(connection, "history_sync", None)]
    due = [row for row in rows if row is not None and row.not_before is not None and row.not_before <= now]
    return any(row.woken_at is not None and row.woken_at > recently for row in due)
