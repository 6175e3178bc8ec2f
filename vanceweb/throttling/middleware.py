"""The throttles of whole addresses, and the response to whatever a view throttles."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from vanceweb.lib.api_paths import is_site_api_path
from vanceweb.lib.client_address import get_client_address
from vanceweb.throttling.refusals import build_refusal
from vanceweb.throttling.rules import RULES, SITE_API, Rule
from vanceweb.throttling.services import Throttled, build_person_account, check_throttle

RULES_BY_NAME = {rule.name: rule for rule in RULES}


class ThrottleMiddleware:
    """Counts the requests that `settings.THROTTLED_POSTS` names, and all for the site's own API.

    It stands before the check of CSRF tokens, which would parse an upload first.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Refuse a request that is one too many."""
        rule = _find_rule(request)
        if rule is None:
            return None
        try:
            check_throttle(rule, address=get_client_address(request), account=_find_account_name(request))
        except Throttled as throttled:
            return build_refusal(request, throttled)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Respond to what a view throttles."""
        return build_refusal(request, error) if isinstance(error, Throttled) else None


def _find_rule(request: HttpRequest) -> Rule | None:
    if is_site_api_path(request.path):
        return SITE_API
    if request.method != "POST" or request.resolver_match is None:
        return None
    name = settings.THROTTLED_POSTS.get(request.resolver_match.view_name)
    return None if name is None else RULES_BY_NAME[name]


def _find_account_name(request: HttpRequest) -> str:
    """Return what names the account: the token of a program, or the person who is signed in."""
    if token := request.headers.get("Authorization", ""):
        return token
    user = getattr(request, "user", AnonymousUser())
    return "" if user.pk is None else build_person_account(user.pk)
