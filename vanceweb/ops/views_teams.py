"""A person's teams, and the settings and the end of one of them."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from vanceweb.gallery.models import Asset
from vanceweb.jobs.models import Job
from vanceweb.ops.member_forms import TeamForm
from vanceweb.ops.services import open_team
from vanceweb.ops.team_deletion import close_team, keep_team
from vanceweb.teams.access import (
    Action,
    Actor,
    can_create_teams,
    closed_team_page,
    list_memberships,
    require,
    require_create_teams,
    team_page,
)
from vanceweb.teams.audit import get_performer
from vanceweb.teams.models import Role, User
from vanceweb.teams.role_table import build_role_table
from vanceweb.teams.services import rename_team


@require_http_methods(["GET", "HEAD", "POST"])
def teams(request: HttpRequest) -> HttpResponse:
    """Show the person's teams and, to those who may, the form to open another."""
    form = TeamForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        require_create_teams(request.user)
        if form.is_valid() and isinstance(request.user, User):
            name, performer = form.cleaned_data["team_name"], get_performer(request)
            try:
                team = open_team(name=name, owner=request.user, by=performer)
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(request, _("%(team)s is open. Invite its people.") % {"team": team.name})
                return redirect("people", team=team.slug)
    context = {
        "memberships": list_memberships(request.user),
        "form": form if can_create_teams(request.user) else None,
    }
    return render(request, "ops/teams.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@team_page
def team_settings(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Rename the team, see what each role may do, and the way to its deletion."""
    require(actor, Action.MANAGE_TEAM)
    given = request.POST if request.method == "POST" else None
    form = TeamForm(given, initial={"team_name": actor.team.name})
    if request.method == "POST" and form.is_valid():
        try:
            team = rename_team(actor=actor, name=form.cleaned_data["team_name"])
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The team is called %(team)s now.") % {"team": team.name})
            return redirect("team-settings", team=team.slug)
    context = {"form": form, "roles": list(Role), "actions": build_role_table()}
    return render(request, "ops/team_settings.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@team_page
def team_delete(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Say what goes with the team, then close it."""
    require(actor, Action.MANAGE_TEAM)
    if request.method == "POST":
        close_team(actor=actor)
        return redirect("team-closed", team=actor.team.slug)
    context = {
        "people": actor.team.memberships.count(),
        "pictures": Asset.objects.filter(team=actor.team).count(),
        "unfinished": Job.objects.filter(team=actor.team, finished_at=None).count(),
    }
    return render(request, "ops/team_delete.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@closed_team_page
def team_closed(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Tell an owner when the closed team is deleted, or keep it."""
    if request.method != "POST":
        return render(request, "ops/team_closed.html", {"team": actor.team})
    if keep_team(actor=actor):
        messages.success(request, _("%(team)s is open again.") % {"team": actor.team.name})
        return redirect("studio", team=actor.team.slug)
    messages.error(request, _("It is too late: the team is being deleted."))
    return redirect("home")
