"""Pages about the jobs of charges: correcting one by hand, jobs without a charge, and alerts."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from vanceweb.teams.access import get_visible_or_404, require_answerable, require_correctable
from vanceweb.teams.return_lists import find_list
from vanceweb.usage.alerts import dismiss_alert
from vanceweb.usage.corrections import correct_match, list_candidates
from vanceweb.usage.match_form import NOT_FROM_HERE, MatchForm
from vanceweb.usage.models import UsageAlert, UsageRecord
from vanceweb.vault.models import Connection


@require_http_methods(["GET", "HEAD", "POST"])
def charge_match(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the jobs near a charge, and say which of them it is for, or that it isn't from here."""
    rows = UsageRecord.objects.select_related("connection", "created_by").defer("connection__token")
    record, actor = get_visible_or_404(request, rows, pk=pk)
    require_correctable(actor, record)
    candidates = list_candidates(actor, record)
    form = MatchForm(request.POST if request.method == "POST" else None, candidates=candidates)
    if form.is_valid():
        correct_match(actor=actor, record=record, job=form.cleaned_data["job"])
        messages.success(request, _("The charge is corrected."))
        return redirect(find_list(request, actor, default="usage-history"))
    context = {"record": record, "candidates": candidates, "form": form, "not_from_here": NOT_FROM_HERE}
    return render(request, "usage/match.html", context, status=422 if form.is_bound else 200)


@require_POST
def usage_alert_dismiss(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Close an alert about charges from elsewhere."""
    connections = Connection.objects.without_token()
    connection, actor = get_visible_or_404(request, connections, usage_alerts__uuid=uuid)
    require_answerable(actor, connection)
    dismiss_alert(actor=actor, alert=get_object_or_404(UsageAlert, uuid=uuid, connection=connection))
    messages.success(request, _("The alert is dismissed."))
    return redirect(find_list(request, actor, default="usage"))
