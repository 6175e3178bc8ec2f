"""The audit log of a team, for its admins and owners, and of the installation, for its administrators."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from vanceweb.lib.pagination import get_page_after
from vanceweb.teams.access import Action, Actor, administrator_required, require, team_page
from vanceweb.teams.audit import get_performer
from vanceweb.teams.audit_export import export_events
from vanceweb.teams.audit_filters import AuditFilterForm, InstallationAuditFilterForm
from vanceweb.teams.models import AuditEvent
from vanceweb.teams.models.audit import AuditEventQuerySet


@require_safe
@team_page
def team_audit(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the team's events; `?after=` continues."""
    require(actor, Action.SEE_AUDIT)
    form = AuditFilterForm(request.GET)
    export = reverse("team-audit-export", args=[actor.team.slug])
    return _render_events(request, form, AuditEvent.objects.filter(team_pk=actor.team.pk), export)


@require_POST
@team_page
def team_audit_export(request: HttpRequest, actor: Actor) -> HttpResponseBase:
    """Send the team's events, as filtered, as a CSV file."""
    require(actor, Action.SEE_AUDIT)
    form = AuditFilterForm(request.POST)
    events = form.filter_events(AuditEvent.objects.filter(team_pk=actor.team.pk))
    return export_events(by=actor.performer, events=events, name=f"audit-{actor.team.slug}.csv")


@require_safe
@administrator_required
def audit(request: HttpRequest) -> HttpResponse:
    """Show the events of all teams and of the installation."""
    form = InstallationAuditFilterForm(request.GET)
    return _render_events(request, form, AuditEvent.objects.all(), reverse("audit-export"))


@require_POST
@administrator_required
def audit_export(request: HttpRequest) -> HttpResponseBase:
    """Send the events of all teams, as filtered, as a CSV file."""
    events = InstallationAuditFilterForm(request.POST).filter_events(AuditEvent.objects.all())
    return export_events(by=get_performer(request), events=events, name="audit.csv")


def _render_events(
    request: HttpRequest, form: AuditFilterForm, events: AuditEventQuerySet, export: str
) -> HttpResponse:
    after = request.GET.get("after")
    rows, following = get_page_after(form.filter_events(events), after=after, limit=settings.AUDIT_PAGE_ROWS)
    context = {
        "form": form,
        "rows": rows,
        "next": following,
        "first": not after,
        "export": export,
        "of_installation": isinstance(form, InstallationAuditFilterForm),
        "keep_days": settings.AUDIT_KEEP_DAYS,
    }
    return render(request, "teams/audit.html", context, status=200 if form.is_valid() else 422)
