"""Refusals of requests that reach no call of the API, and faults: as problem documents, never as a page."""

from collections.abc import Callable, Mapping

from django.http import HttpRequest, HttpResponse

from vanceweb.api.problems import CONTENT_TYPE, build_response
from vanceweb.lib.api_paths import is_site_api_path
from vanceweb.lib.storage_faults import FULL, READ_ONLY

GetResponse = Callable[[HttpRequest], HttpResponse]

# By HTTP status. Everything else is an error of ours.
REFUSALS: Mapping[int, str] = {
    400: "The request can't be read, or this site doesn't answer to its host name.",
    403: "The request is not permitted.",
    404: "There is nothing at this address.",
    405: "This method is not supported here.",
    413: "The request is too large.",
    416: "The file has no such part.",
    429: "There were too many requests. Try again later.",
    READ_ONLY.status: str(READ_ONLY.sentence),
    FULL.status: str(FULL.sentence),
}
FAULT = "Something went wrong here. It has been logged."
# Headers of a refusal that its document keeps.
KEPT_HEADERS = ("Allow", "Retry-After", "Content-Range", "Accept-Ranges")


def refuse_in_problems_middleware(get_response: GetResponse) -> GetResponse:
    """Put what refuses a request for the API before or behind its calls into a problem document."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code < 400 or not is_site_api_path(request.path):
            return response
        if response.get("Content-Type", "").startswith(CONTENT_TYPE):
            return response
        status = response.status_code if response.status_code in REFUSALS else 500
        headers = {name: response[name] for name in KEPT_HEADERS if name in response}
        return build_response(request, status, REFUSALS.get(status, FAULT), headers=headers)

    return middleware
