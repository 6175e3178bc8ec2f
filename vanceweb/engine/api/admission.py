"""Limits on how many calls one caller makes. What counts them is outside of the engine: ENGINE_CALL_THROTTLE."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from vanceweb.lib.api_paths import IN_PROCESS_CALL
from vanceweb.lib.client_address import get_client_address


class TooManyCalls(Exception):
    """The caller made too many calls. The next one may pass in `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many calls, again in {seconds} s")
        self.seconds = seconds

    def build_response(self) -> HttpResponse:
        """Return the response, which the middleware of refusals puts into the API's envelope."""
        return HttpResponse(status=429, headers={"Retry-After": str(self.seconds)})


def count_address(request: HttpRequest) -> None:
    """Count a call of the request's address. Raise TooManyCalls."""
    _count_call(request, address=get_client_address(request))


def count_token(request: HttpRequest, token: str) -> None:
    """Count a call with a token. Raise TooManyCalls."""
    _count_call(request, account=token)


def _count_call(request: HttpRequest, *, address: str = "", account: str = "") -> None:
    if request.META.get(IN_PROCESS_CALL) or not settings.ENGINE_CALL_THROTTLE:
        return
    seconds = import_string(settings.ENGINE_CALL_THROTTLE)(address=address, account=account)
    if seconds:
        raise TooManyCalls(seconds)
