"""The health check of the site, for the supervisor, containers and load balancers."""

from collections.abc import Callable

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse

from vanceweb.lib.engine_gaps import read_gaps
from vanceweb.ops.probe import HEALTH_PATH

GetResponse = Callable[[HttpRequest], HttpResponse]


def health_middleware(get_response: GetResponse) -> GetResponse:
    """Answer `/healthz` before any other middleware: a health checker knows neither our host names nor a password."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return check_health() if request.path == HEALTH_PATH else get_response(request)

    return middleware


def check_health() -> HttpResponse:
    """Return 200 `ok` when the database answers a query, otherwise 503. Missing model weights get a line more."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return _respond("the database does not answer\n", status=503)
    gaps = "" if not read_gaps() else "model weights are missing: see manage.py doctor\n"
    return _respond(f"ok\n{gaps}", status=200)


def _respond(text: str, *, status: int) -> HttpResponse:
    return HttpResponse(text, content_type="text/plain", status=status, headers={"Cache-Control": "no-store"})
