"""Pages to list, add, check and remove connections."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from vanceweb.teams.access import (
    Action,
    Actor,
    add_may_spend,
    get_visible_or_404,
    require,
    require_withdrawable,
    team_page,
)
from vanceweb.vault.forms import ConnectionForm
from vanceweb.vault.models import Connection
from vanceweb.vault.queries import count_unfinished_jobs
from vanceweb.vault.services import (
    BundledConnectionProtected,
    add_connection,
    remove_connection,
    request_check,
)


@require_safe
@team_page
def connections(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the team's connections and the actor's own, and the form to add one."""
    return _render_list(request, actor, ConnectionForm())


@sensitive_post_parameters("token")
@require_http_methods(["GET", "HEAD", "POST"])
@team_page
def connection_add(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Store a token and enqueue its check; the list then shows the service's answer."""
    if request.method != "POST":
        return redirect("connections", team=actor.team.slug)
    require(actor, Action.MAKE)
    form = ConnectionForm(request.POST)
    if form.is_valid():
        try:
            added = add_connection(actor=actor, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("%(name)s is stored.") % {"name": added.name})
            return redirect("connections", team=actor.team.slug)
    return _render_list(request, actor, form, status=422)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def connection_check(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Enqueue a check of the token (POST), or show the connection's card with the state of the check (GET)."""
    connection, actor = get_visible_or_404(request, Connection.objects.without_token().fetch_people(), uuid=uuid)
    if request.method == "POST":
        require(actor, Action.MAKE)
        request_check(connection=connection)
        return redirect("connections", team=actor.team.slug)
    connection.may_spend = actor.can_spend_on(connection)
    return render(request, "vault/card.html", {"connection": connection})


@require_http_methods(["GET", "HEAD", "POST"])
def connection_remove(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Say what goes, then remove the connection. Whoever stored the token may, even as a viewer."""
    connection, actor = get_visible_or_404(request, Connection.objects.without_token(), uuid=uuid)
    require_withdrawable(actor, connection)
    if request.method != "POST" and not connection.is_bundled:
        context = {"connection": connection, "unfinished": count_unfinished_jobs(connection)}
        return render(request, "vault/remove.html", context)
    try:
        remove_connection(actor=actor, connection=connection)
    except BundledConnectionProtected as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("%(name)s is removed, and its token deleted.") % {"name": connection.name})
    return redirect("connections", team=actor.team.slug)


def _render_list(request: HttpRequest, actor: Actor, form: ConnectionForm, status: int = 200) -> HttpResponse:
    rows = add_may_spend(Connection.objects.without_token().fetch_people(), actor)
    return render(request, "vault/connections.html", {"connections": rows, "form": form}, status=status)
