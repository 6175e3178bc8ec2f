"""Passkeys belong to a host name over HTTPS, or to this machine's own name."""

import ipaddress

from django.http import HttpRequest


def can_use_passkeys(request: HttpRequest) -> bool:
    """Return whether browsers offer passkeys at the address by which this page was opened."""
    host = request.get_host().rsplit(":", 1)[0].strip("[]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return request.is_secure() or host == "localhost" or host.endswith(".localhost")
    return False
