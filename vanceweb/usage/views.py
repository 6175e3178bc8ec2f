"""The usage page: each connection's balance and the history of charges."""

from datetime import timedelta
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from vanceweb.teams.models import User
from vanceweb.usage.queries import get_balances, get_history_page
from vanceweb.usage.services import request_refresh
from vanceweb.vault.models import Connection


@require_safe
@never_cache
def usage(request: HttpRequest) -> HttpResponse:
    """Show balances and history; `?after=` continues the history. The page polls during a refresh."""
    rows, following = get_history_page(request.user, request.GET.get("after"), settings.USAGE_PAGE_ROWS)
    connections = get_balances(request.user)
    context = {
        "connections": connections,
        "rows": rows,
        "next": following,
        "first": not request.GET.get("after"),
        "waiting": any(_is_refreshing(connection) for connection in connections),
    }
    return render(request, "usage/usage.html", context)


@require_POST
def usage_refresh(request: HttpRequest) -> HttpResponse:
    """Enqueue readings of balances and histories; the page shows them once a worker has read them."""
    request_refresh(user=cast(User, request.user))
    return redirect("usage")


def _is_refreshing(connection: Connection) -> bool:
    """Return whether a refresh was requested recently and hasn't been answered yet."""
    sync = getattr(connection, "history_sync", None)
    pairs = [(connection.asked_at, connection.checked_at)]
    if sync is not None:
        pairs.append((sync.asked_at, sync.synced_at))
    recently = timezone.now() - timedelta(seconds=settings.USAGE_WATCH_SECONDS)
    return any(requested > recently and (answered is None or answered < requested) for requested, answered in pairs)
