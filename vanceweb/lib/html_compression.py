"""The compression of pages and fragments. All other responses stay as they are, byte for byte."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def compress_html_middleware(get_response: GetResponse) -> GetResponse:
    """Compress HTML for browsers that accept gzip; Django's padding of random length hides secrets from BREACH.

    Pictures hardly shrink, their parts and ETags are about the original bytes, and a streamed response would lose its
    Content-Length.
    """
    gzip = GZipMiddleware(get_response)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        media_type = response.get("Content-Type", "").partition(";")[0].strip().lower()
        if response.streaming or media_type != "text/html":
            return response
        compressed: HttpResponseBase = gzip.process_response(request, response)
        return compressed

    return middleware
