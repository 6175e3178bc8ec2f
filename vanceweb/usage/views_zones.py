"""The pages on which the time zones of a connection and of a team are chosen."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from vanceweb.teams.access import Action, Actor, get_visible_or_404, require, require_secret_replaceable, team_page
from vanceweb.usage.forms import HistoryFactsForm, TeamZoneForm
from vanceweb.usage.models import UsageRebuild
from vanceweb.usage.services import set_history_facts, set_team_zone
from vanceweb.vault.models import Connection


@require_http_methods(["GET", "HEAD", "POST"])
def connection_history(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Choose the zone of a service's times, and its billing day. For the keeper; the bundled engine's are known."""
    connection, actor = get_visible_or_404(request, Connection.objects.without_token(), uuid=uuid)
    require_secret_replaceable(actor, connection)
    if connection.is_bundled:
        raise PermissionDenied
    initial = {"time_zone": connection.time_zone, "billing_day": connection.billing_day}
    form = HistoryFactsForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        zone, day = form.cleaned_data["time_zone"], form.cleaned_data["billing_day"]
        try:
            set_history_facts(actor=actor, connection=connection, zone=zone, billing_day=day)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("%(name)s is changed.") % {"name": connection.name})
            return redirect("connections", team=actor.team.slug)
    return _render_form(request, actor, "usage/connection_history.html", form, connection=connection)


@require_http_methods(["GET", "HEAD", "POST"])
@team_page
def team_zone(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Choose the zone in which the team's days begin. For admins and owners."""
    require(actor, Action.MANAGE_CONNECTIONS)
    form = TeamZoneForm(request.POST if request.method == "POST" else None, initial={"time_zone": actor.team.time_zone})
    if form.is_valid():
        try:
            set_team_zone(actor=actor, zone=form.cleaned_data["time_zone"])
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The team's time zone is changed."))
            return redirect("team-zone", team=actor.team.slug)
    return _render_form(request, actor, "usage/team_zone.html", form)


def _render_form(
    request: HttpRequest, actor: Actor, template: str, form: forms.Form, connection: Connection | None = None
) -> HttpResponse:
    is_rebuilding = UsageRebuild.objects.filter(team=actor.team).exists()
    context = {"form": form, "connection": connection, "is_rebuilding": is_rebuilding}
    return render(request, template, context, status=422 if request.method == "POST" else 200)
