"""Pages of a team and of the installation: decorators of views that decide who gets an answer."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from vanceweb.lib.client_address import get_client_address
from vanceweb.teams.access.actor_lookup import find_actor, get_owner_of_closed_or_404
from vanceweb.teams.access.current_actor import remember_team, set_current_actor
from vanceweb.teams.models import User

View = Callable[..., HttpResponseBase]


def team_page(view: View) -> View:
    """Resolve the team's slug from the address and pass the view an actor. Strangers to the team get 404.

    `/` leads to this team from now on. Owners of a closed team are sent to the page where they can keep it.
    """

    @wraps(view)
    def wrapper(request: HttpRequest, team: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        found = find_actor(request.user, lambda membership: membership.team.slug == team)
        if found is not None and found.team.is_closed:
            return redirect("team-closed", team=team)
        if found is None:
            raise Http404(_("This team does not exist."))
        actor = set_current_actor(request, found)
        remember_team(request, actor)
        return view(request, actor, *args, **kwargs)

    return wrapper


def closed_team_page(view: View) -> View:
    """Pass the view an owner of the closed team in the address. Everybody else gets 404."""

    @wraps(view)
    def wrapper(request: HttpRequest, team: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        actor = get_owner_of_closed_or_404(request.user, team)
        return view(request, replace(actor, address=get_client_address(request)), *args, **kwargs)

    return wrapper


def administrator_required(view: View) -> View:
    """Restrict a view to administrators of the installation; everybody else gets 403."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not (isinstance(request.user, User) and request.user.is_active and request.user.is_administrator):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return wrapper
