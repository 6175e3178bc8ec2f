"""The page to change a connection: its name, its token, who may spend on it, and its keeper."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from vanceweb.teams.access import Actor, get_visible_or_404, require_editable
from vanceweb.vault.forms import ConnectionNameForm, ConnectionTokenForm, KeeperForm, SpendersForm
from vanceweb.vault.keeping import hand_over_connection, set_spenders
from vanceweb.vault.models import Connection
from vanceweb.vault.services import rename_connection, replace_token


@sensitive_post_parameters("token")
@require_http_methods(["GET", "HEAD", "POST"])
def connection_edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show all forms, and change the name or the token. Only the keeper of the connection replaces its token."""
    connection, actor = _get_editable_connection(request, uuid)
    if request.method != "POST":
        return _render_forms(request, actor, connection)
    if "token" in request.POST and not connection.is_bundled:
        token = ConnectionTokenForm(request.POST)
        if _apply(token, lambda given: replace_token(actor=actor, connection=connection, **given)):
            return _redirect_changed(request, actor, connection)
        return _render_forms(request, actor, connection, status=422, token=token)
    rename = ConnectionNameForm(request.POST)
    if _apply(rename, lambda given: rename_connection(actor=actor, connection=connection, **given)):
        return _redirect_changed(request, actor, connection)
    return _render_forms(request, actor, connection, status=422, rename=rename)


@require_POST
def connection_spenders(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Set who may spend on a connection of the team."""
    connection, actor = _get_editable_connection(request, uuid)
    form = SpendersForm(request.POST, connection=connection, team=actor.team)
    if _apply(form, lambda given: set_spenders(actor=actor, connection=connection, **given)):
        return _redirect_changed(request, actor, connection)
    return _render_forms(request, actor, connection, status=422, spenders=form)


@require_POST
def connection_keeper(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Hand a connection of the team over to another member."""
    connection, actor = _get_editable_connection(request, uuid)
    form = KeeperForm(request.POST, connection=connection, team=actor.team)
    if not _apply(form, lambda given: hand_over_connection(actor=actor, connection=connection, **given)):
        return _render_forms(request, actor, connection, status=422, keeper=form)
    names = {"keeper": form.cleaned_data["keeper"].get_username(), "name": connection.name}
    messages.success(request, _("%(keeper)s keeps %(name)s now.") % names)
    return redirect("connections", team=actor.team.slug)


def _apply(form: forms.Form, change: Any) -> bool:
    """Call `change` with the cleaned values and return True, or add the errors to the form and return False."""
    if not form.is_valid():
        return False
    try:
        change(form.cleaned_data)
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True


def _redirect_changed(request: HttpRequest, actor: Actor, connection: Connection) -> HttpResponse:
    messages.success(request, _("%(name)s is changed.") % {"name": connection.name})
    return redirect("connections", team=actor.team.slug)


def _render_forms(
    request: HttpRequest, actor: Actor, connection: Connection, *, status: int = 200, **submitted: forms.Form
) -> HttpResponse:
    """Render the page with the forms that the actor may submit; `submitted` is the one with errors, by its name."""
    shown: dict[str, Any] = {
        "rename": ConnectionNameForm(initial={"name": connection.name}),
        "token": ConnectionTokenForm() if actor.can_replace_secret(connection) else None,
        "spenders": None,
        "keeper": None,
    }
    if actor.can_set_spenders(connection):
        shown["spenders"] = SpendersForm(connection=connection, team=actor.team)
    if actor.can_hand_over(connection) and not connection.is_bundled:
        shown["keeper"] = KeeperForm(connection=connection, team=actor.team)
    context = {"connection": connection, **shown, **submitted}
    return render(request, "vault/edit.html", context, status=status)


def _get_editable_connection(request: HttpRequest, uuid: UUID) -> tuple[Connection, Actor]:
    """Return the connection and the actor. Raise Http404 if they may not see it, PermissionDenied if not change it."""
    connection, actor = get_visible_or_404(request, Connection.objects.without_token().fetch_people(), uuid=uuid)
    require_editable(actor, connection)
    return connection, actor
