"""Sharing a connection with the team, with or without its past charges, and taking it back."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from vanceweb.teams.access import (
    get_visible_or_404,
    require_own,
    require_withdrawable,
)
from vanceweb.usage.services import share_connection
from vanceweb.vault.models import Connection
from vanceweb.vault.services import set_connection_privacy


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
