"""Validation of a service's base URL."""

import re
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from vanceweb.lib.outbound_http import is_public

# A host that ends in a number is an IPv4 address, in whatever notation (WHATWG URL standard): 127.1, 0x7f000001.
NUMERIC_END = re.compile(r"(^|\.)(\d+|0x[0-9a-f]*)$")
# Domains that never lead to the public internet (RFC 6761, RFC 6762, RFC 8375; `.internal` is reserved by ICANN).
LOCAL_DOMAINS = (".localhost", ".local", ".internal", ".home.arpa", ".test", ".invalid")


def clean_base_url(text: str, *, allow_private: bool) -> str:
    """Return the URL without a trailing slash. Raise ValidationError with the field `base_url`.

    An administrator of the installation may name a private address, so that an engine on their own network can be
    reached. Others can't, for the site would then ask its own network for them.
    """
    url = text.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise _build_error(_("This is not a URL.")) from None
    if parts.scheme not in ("http", "https") or not host:
        raise _build_error(_("The address must begin with http:// or https://."))
    if parts.username or parts.password:
        raise _build_error(_("The address must not contain a name or password. The token has its own field."))
    if parts.query or parts.fragment:
        raise _build_error(_("The address must not contain ? or #."))
    if not allow_private and has_private_host(host):
        raise _build_error(_("Only an administrator of the installation can add a service on a private address."))
    return url


def has_private_host(host: str) -> bool:
    """Return whether a host is written as a non-public address or as a name that only a local network knows.

    Names aren't resolved here: a web request asks no name server.
    """
    name = host.rstrip(".").lower()
    if ":" in name or NUMERIC_END.search(name):
        return not is_public(name)
    return "." not in name or name.endswith(LOCAL_DOMAINS)


def _build_error(message: str) -> ValidationError:
    return ValidationError({"base_url": [message]})
