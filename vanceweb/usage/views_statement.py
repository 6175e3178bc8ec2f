"""The monthly statement of a team, made for paper."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from vanceweb.teams.access import Actor, team_page
from vanceweb.usage.figures.periods import get_today
from vanceweb.usage.statements import compute_statement, list_months, read_month


@require_safe
@team_page
def usage_statement(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the statement of the month that `?month=2026-01` names, or of the current one."""
    today = get_today(actor.team)
    month = read_month(request.GET.get("month", ""), today)
    context = {
        "statement": compute_statement(actor, month),
        "months": list_months(actor, today),
        "printed_at": timezone.now(),
    }
    return render(request, "usage/statement.html", context)
