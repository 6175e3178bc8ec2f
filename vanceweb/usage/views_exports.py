"""The history of charges as files."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from vanceweb.teams.access import Actor, get_visible_or_404, team_page
from vanceweb.usage.export_files import send_export
from vanceweb.usage.export_services import TooManyExports, request_export, start_csv
from vanceweb.usage.history_search import read_search
from vanceweb.usage.models import UsageExport


@require_POST
@team_page
def usage_history_csv(request: HttpRequest, actor: Actor) -> HttpResponseBase:
    """Send the charges that the filter leaves as a CSV file."""
    return start_csv(actor=actor, search=read_search(request.POST, actor))


@require_POST
@team_page
def usage_export_add(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Have the charges that the filter leaves written as a workbook; the history shows its progress."""
    search = read_search(request.POST, actor)
    try:
        request_export(actor=actor, search=search)
    except TooManyExports:
        messages.error(request, _("Your last exports aren't finished yet. Wait for them first."))
    query = search.build_query()
    address = reverse("usage-history", args=[actor.team.slug])
    return redirect(f"{address}?{query}" if query else address)


@require_safe
def usage_export(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Send a finished export to the person who asked for it; it is missing for everybody else."""
    export, actor = get_visible_or_404(request, UsageExport.objects.all(), uuid=uuid)
    if not export.is_done:
        raise Http404(_("The export isn't finished yet."))
    return send_export(request, export, name=f"usage-{actor.team.slug}-{export.created_at:%Y-%m-%d}.xlsx")
