"""The way from plain HTTP to the site's https address."""

import ipaddress

from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.middleware.security import SecurityMiddleware

from vanceweb.lib.api_paths import is_api_path

# A request with one of these came through a proxy, so the address it comes from isn't the caller's.
PROXY_HEADERS = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Proto")


class HttpsMiddleware(SecurityMiddleware):
    """Django's redirect and headers, except that the API answers programs on this machine without TLS.

    Their calls, with their tokens, never leave it, and the certificate is the proxy's.
    """

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        """Return the redirect to https, None for a request that may go on."""
        if is_api_path(request.path) and is_from_this_machine(request):
            return None
        answer = super().process_request(request)
        if answer is not None and request.method not in ("GET", "HEAD"):
            # 308 instead of 301, after which clients would send a GET without the body.
            answer.status_code = HttpResponsePermanentRedirect.status_code_preserve_request
        return answer


def is_from_this_machine(request: HttpRequest) -> bool:
    """Return whether a program on this machine sent the request, not through a proxy."""
    if any(name in request.headers for name in PROXY_HEADERS):
        return False
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
