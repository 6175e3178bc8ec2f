"""The actor of a request, and the team that a session was last in."""

from dataclasses import replace

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from vanceweb.lib.client_address import get_client_address
from vanceweb.teams.access.actor_lookup import find_home_actor
from vanceweb.teams.access.actors import Actor
from vanceweb.teams.models import User

# The id of the team that the person was last in, in their session.
TEAM_KEY = "team"


def get_person(request: HttpRequest) -> User:
    """Return who is signed in, for pages about nobody but themselves. Raise PermissionDenied for anybody else."""
    if not isinstance(request.user, User) or not request.user.is_active:
        raise PermissionDenied
    return request.user


def remember_team(request: HttpRequest, actor: Actor) -> None:
    """Let `/` lead to the actor's team in this session. What a page fetches by itself doesn't count.

    Somebody in one team only needs no note, unless they have one of another team.
    """
    session = getattr(request, "session", None)
    if session is None or getattr(request, "htmx", False):
        return
    if session.get(TEAM_KEY) != actor.team.pk and (len(actor.memberships) > 1 or TEAM_KEY in session):
        session[TEAM_KEY] = actor.team.pk


def find_session_actor(request: HttpRequest) -> Actor | None:
    """Return the request's user as an actor in the team that they were last in; None for a person without a team."""
    session = getattr(request, "session", None) or {}
    return find_home_actor(request.user, team_id=session.get(TEAM_KEY))


def set_current_actor(request: HttpRequest, actor: Actor) -> Actor:
    """Remember the actor for the templates of this request, and return them with the address they act from."""
    actor = replace(actor, address=get_client_address(request))
    request.actor = actor  # type: ignore[attr-defined]
    return actor
