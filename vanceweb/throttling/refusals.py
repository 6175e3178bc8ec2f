"""The responses to a throttled request: a page for people, JSON for programs."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from vanceweb.lib.api_paths import is_api_path, is_site_api_path
from vanceweb.throttling.services import Throttled

TOO_MANY_REQUESTS = 429
Build = Callable[[HttpRequest, Throttled], HttpResponse]


def build_refusal(request: HttpRequest, throttled: Throttled) -> HttpResponse:
    """Return the response with the status 429 and the header Retry-After."""
    build = next(build for applies, build in BUILDERS if applies(request.path))
    response = build(request, throttled)
    response["Retry-After"] = str(throttled.retry_after)
    return response


def _build_problem(_request: HttpRequest, throttled: Throttled) -> HttpResponse:
    """Return a problem document (RFC 9457)."""
    problem = {
        "type": "about:blank",
        "title": str(throttled.rule.title),
        "status": TOO_MANY_REQUESTS,
        "detail": str(throttled.rule.sentence),
        "retry_after": throttled.retry_after,
    }
    return JsonResponse(problem, status=TOO_MANY_REQUESTS, content_type="application/problem+json")


def _build_bare(_request: HttpRequest, _throttled: Throttled) -> HttpResponse:
    """Return a response that the engine puts into the envelope of its API."""
    return HttpResponse(status=TOO_MANY_REQUESTS)


def _build_page(request: HttpRequest, throttled: Throttled) -> HttpResponse:
    return render(request, "throttling/throttled.html", {"throttled": throttled}, status=TOO_MANY_REQUESTS)


# By the path; the first that applies.
BUILDERS: tuple[tuple[Callable[[str], bool], Build], ...] = (
    (is_api_path, _build_bare),
    (is_site_api_path, _build_problem),
    (lambda _path: True, _build_page),
)
