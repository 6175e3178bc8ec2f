"""The context of every page: who looks at it, in which team."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from vanceweb.teams.access import Actor, find_session_actor


def add_actor(request: HttpRequest) -> dict[str, object]:
    """Return the page's `actor`. A page without a team of its own shows the team that the person was last in."""

    def find() -> Actor | None:
        return getattr(request, "actor", None) or find_session_actor(request)

    return {"actor": SimpleLazyObject(find)}
