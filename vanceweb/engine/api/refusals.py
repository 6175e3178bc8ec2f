"""Refusals of requests that reach no endpoint of the API: in the API's envelope, never as a page."""

from collections.abc import Callable, Mapping

from django.http import HttpRequest, HttpResponse

from vanceweb.engine.api.endpoint import respond
from vanceweb.engine.errors import Code
from vanceweb.engine.payloads import build_error
from vanceweb.lib.api_paths import is_api_path
from vanceweb.lib.storage_faults import FULL, READ_ONLY

TOO_MANY_REQUESTS = 429
GetResponse = Callable[[HttpRequest], HttpResponse]

# By HTTP status. Everything else is an error of ours.
REFUSALS: Mapping[int, tuple[Code, str]] = {
    400: (Code.ILLEGAL_PARAMETER, "The request can't be read, or this engine doesn't answer to its host name."),
    403: (Code.ILLEGAL_PARAMETER, "The request is not permitted."),
    404: (Code.ILLEGAL_PARAMETER, "There is nothing at this address of the API."),
    405: (Code.ILLEGAL_PARAMETER, "This method is not supported here."),
    413: (Code.LIMIT_EXCEEDED, "The request is too large."),
    FULL.status: (Code.INTERNAL, str(FULL.sentence)),
    READ_ONLY.status: (Code.INTERNAL, str(READ_ONLY.sentence)),
    # Not LIMIT_EXCEEDED, which is about a picture: programs would give up on it.
    TOO_MANY_REQUESTS: (Code.INTERNAL, "There were too many requests. Try again later."),
}
FAULT = (Code.INTERNAL, "Internal error.")


def refuse_in_json_middleware(get_response: GetResponse) -> GetResponse:
    """Put what refuses a request for the API before or behind its endpoints into the API's envelope."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code < 400 or not is_api_path(request.path):
            return response
        code, sentence = REFUSALS.get(response.status_code, FAULT)
        response.close()
        refusal = respond(build_error(code, sentence))
        if response.status_code == TOO_MANY_REQUESTS:
            # The one status that programs and proxies act on by themselves.
            refusal.status_code = TOO_MANY_REQUESTS
            refusal["Retry-After"] = response.get("Retry-After", "60")
        return refusal

    return middleware
