"""The answer to "are you well?", for the supervisor, containers and load balancers."""

from collections.abc import Callable

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse

from vanceweb.ops.probe import PATH

Answer = Callable[[HttpRequest], HttpResponse]


def health_middleware(get_response: Answer) -> Answer:
    """Answers `/healthz` before any other middleware: whoever asks knows neither our host names nor a password."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return health() if request.path == PATH else get_response(request)

    return middleware


def health() -> HttpResponse:
    """200 `ok` when the database answers one question, 503 when it doesn't."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("the database does not answer\n", content_type="text/plain", status=503)
    return HttpResponse("ok\n", content_type="text/plain", headers={"Cache-Control": "no-store"})
