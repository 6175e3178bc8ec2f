"""The usage page: each connection's balance and the history of charges."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vanceweb.lib.leases import LeasedModel
from vanceweb.teams.access import (
    Action,
    Actor,
    get_visible_or_404,
    require,
    require_own,
    require_withdrawable,
    team_page,
)
from vanceweb.teams.person_filter import read_person_filter
from vanceweb.teams.return_lists import remember_list
from vanceweb.usage.queries import find_charges, get_balances, get_history_page
from vanceweb.usage.services import request_refresh, share_connection
from vanceweb.vault.models import Connection
from vanceweb.vault.services import set_connection_privacy

# The page reloads by itself while a refresh requested this recently has no result.
WATCH_SECONDS = 30


@require_safe
@team_page
def usage(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show balances and history; `?after=` continues the history. The page polls during a refresh."""
    person = read_person_filter(request.GET.get("person", ""), actor, find_charges(actor))
    after = request.GET.get("after")
    rows, following = get_history_page(actor, after, settings.USAGE_PAGE_ROWS, person=person.chosen)
    connections = get_balances(actor)
    context = {
        "connections": connections,
        "rows": rows,
        "next": following,
        "first": not after,
        "person_filter": person,
        "waiting": any(_is_refreshing(connection) for connection in connections),
    }
    return remember_list(request, render(request, "usage/usage.html", context))


@require_POST
@team_page
def usage_refresh(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Enqueue readings of balances and histories; the page, with its filter, shows them once a worker has read them."""
    require(actor, Action.MAKE)
    request_refresh(actor=actor)
    return redirect(reverse("usage", args=[actor.team.slug], query=request.GET or None))


@require_http_methods(["GET", "HEAD", "POST"])
def connection_share(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Ask whether the team may see the connection's past charges, then share it."""
    connection, actor = get_visible_or_404(request, Connection.objects.without_token(), uuid=uuid)
    require_own(actor, connection)
    if request.method != "POST":
        return render(request, "usage/share.html", {"connection": connection})
    try:
        share_connection(actor=actor, connection=connection, show_history="show_history" in request.POST)
    except ValidationError as error:
        context = {"connection": connection, "error": " ".join(error.messages)}
        return render(request, "usage/share.html", context, status=422)
    messages.success(request, _("The team can use %(name)s now.") % {"name": connection.name})
    return redirect("connections", team=actor.team.slug)


@require_POST
def connection_unshare(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Make the person's own connection private again. Charges that the team has seen stay visible."""
    connection, actor = get_visible_or_404(request, Connection.objects.without_token(), uuid=uuid)
    require_withdrawable(actor, connection)
    try:
        set_connection_privacy(actor=actor, connection=connection, private=True)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Only you can use %(name)s now.") % {"name": connection.name})
    return redirect("connections", team=actor.team.slug)


def _is_refreshing(connection: Connection) -> bool:
    """Return whether a reading is due for which a worker was woken recently, and hasn't ended yet."""
    rows: list[LeasedModel | None] = [connection, getattr(connection, "history_sync", None)]
    now = timezone.now()
    recently = now - timedelta(seconds=WATCH_SECONDS)
    due = [row for row in rows if row is not None and row.not_before is not None and row.not_before <= now]
    return any(row.woken_at is not None and row.woken_at > recently for row in due)
