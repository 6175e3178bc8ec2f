"""Pages that no browser and no proxy may keep: what they show is for one person at one time."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

NEVER_STORED = "private, no-store"
GetResponse = Callable[[HttpRequest], HttpResponse]


def refuse_storing_middleware(get_response: GetResponse) -> GetResponse:
    """Forbid caches to store a response that doesn't say itself who may, such as a picture or a static file.

    After logging out, going back then shows the login page and nobody's pictures. Refusals and redirects are included:
    they tell what exists.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", NEVER_STORED)
        return response

    return middleware
