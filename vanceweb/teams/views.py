"""The way to a person's team."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from vanceweb.teams.access import find_session_actor, list_memberships


@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """Redirect to the studio of the person's team, or say that they have none."""
    return redirect_to_team(request, page="studio")


@require_safe
def redirect_to_team(request: HttpRequest, page: str, **kwargs: str) -> HttpResponseBase:
    """Redirect to a page of the person's team and keep the query, or say that they have no team."""
    actor = find_session_actor(request)
    if actor is None:
        # An owner whose only team is closed can still keep it.
        for membership in list_memberships(request.user):
            return redirect("team-closed", team=membership.team.slug)
        return render(request, "teams/no_team.html", status=200)
    query = request.META.get("QUERY_STRING", "")
    address = reverse(page, kwargs={"team": actor.team.slug, **kwargs})
    return redirect(f"{address}?{query}" if query else address)
