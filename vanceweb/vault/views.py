"""Pages to list, add, check, change and remove connections."""

from typing import cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from vanceweb.teams.access import Person, filter_owned, get_owned_or_404
from vanceweb.teams.models import User
from vanceweb.vault.forms import ConnectionForm, ConnectionNameForm, ConnectionTokenForm
from vanceweb.vault.models import Connection
from vanceweb.vault.services import (
    BundledConnectionProtected,
    add_connection,
    remove_connection,
    rename_connection,
    replace_token,
    request_check,
)


@require_safe
@never_cache
def connections(request: HttpRequest) -> HttpResponse:
    """Show the user's connections and the form to add one."""
    return _render_list(request, ConnectionForm())


@require_http_methods(["GET", "HEAD", "POST"])
def connection_add(request: HttpRequest) -> HttpResponse:
    """Store a token and enqueue its check; the list then shows the service's answer."""
    if request.method != "POST":
        return redirect("connections")
    form = ConnectionForm(request.POST)
    if form.is_valid():
        try:
            added = add_connection(owner=cast(User, request.user), **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("%(name)s is stored; its token is being checked.") % {"name": added.name})
            return redirect("connections")
    return _render_list(request, form, status=422)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def connection_check(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Enqueue a check of the token (POST), or show the connection's card with the state of the check (GET)."""
    connection = _get_connection_or_404(request.user, uuid)
    if request.method == "POST":
        request_check(connection=connection)
        return redirect("connections")
    return render(request, "vault/card.html", {"connection": connection})


@require_http_methods(["GET", "HEAD", "POST"])
def connection_edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Change the name or the token."""
    connection = _get_connection_or_404(request.user, uuid)
    rename, token = ConnectionNameForm(initial={"name": connection.name}), ConnectionTokenForm()
    if request.method == "POST":
        if "token" in request.POST and not connection.is_bundled:
            form: forms.Form = (token := ConnectionTokenForm(request.POST))
        else:
            form = rename = ConnectionNameForm(request.POST)
        if _apply_change(connection, form):
            messages.success(request, _("%(name)s is changed.") % {"name": connection.name})
            return redirect("connections")
    context = {"connection": connection, "rename": rename, "token": token}
    return render(request, "vault/edit.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def connection_remove(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Ask for confirmation, then remove the connection."""
    connection = _get_connection_or_404(request.user, uuid)
    if request.method != "POST":
        return render(request, "vault/remove.html", {"connection": connection})
    try:
        remove_connection(connection=connection)
    except BundledConnectionProtected as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("%(name)s is removed, and its token deleted.") % {"name": connection.name})
    return redirect("connections")


def _apply_change(connection: Connection, form: forms.Form) -> bool:
    """Apply the form's change and return True, or add the errors to the form and return False."""
    if not form.is_valid():
        return False
    try:
        if isinstance(form, ConnectionTokenForm):
            replace_token(connection=connection, token=form.cleaned_data["token"])
        else:
            rename_connection(connection=connection, name=form.cleaned_data["name"])
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True


def _render_list(request: HttpRequest, form: ConnectionForm, status: int = 200) -> HttpResponse:
    rows = filter_owned(Connection.objects.without_token(), request.user)
    return render(request, "vault/connections.html", {"connections": rows, "form": form}, status=status)


def _get_connection_or_404(user: Person, uuid: UUID) -> Connection:
    return get_owned_or_404(Connection.objects.without_token(), user, uuid=uuid)
