"""The page of the installation's state, for its administrators."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from vanceweb.ops.status import read_status
from vanceweb.teams.access import administrator_required


@require_safe
@administrator_required
def status(request: HttpRequest) -> HttpResponse:
    """Show workers, queues, storage, weights, the last errors and versions. A part that is broken says so."""
    return render(request, "ops/status.html", {"status": read_status()})
