"""The context of every page: who looks at it, in which team."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from vanceweb.teams.access import Actor, find_home_actor


def add_actor(request: HttpRequest) -> dict[str, object]:
    """Return the page's `actor`. A page without a team of its own shows the person's first team, if there is one."""

    def find() -> Actor | None:
        return getattr(request, "actor", None) or find_home_actor(request.user)

    return {"actor": SimpleLazyObject(find)}
