"""Validation of a service's base URL."""

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vanceweb.lib.public_addresses import is_public
from vanceweb.teams.models import User

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# A host that ends in a number is an IPv4 address, in whatever notation (WHATWG URL standard): 127.1, 0x7f000001.
NUMERIC_END = re.compile(r"(^|\.)(\d+|0x[0-9a-f]*)$")
# Domains that never lead to the public internet (RFC 6761, RFC 6762, RFC 8375; `.internal` is reserved by ICANN).
LOCAL_DOMAINS = (".localhost", ".local", ".internal", ".home.arpa", ".test", ".invalid")
# By the setting PRIVATE_ADDRESSES.
_PRIVATE_REFUSED = {
    "administrators": gettext_lazy("Only an administrator of the installation can add a service on a private address."),
    "nobody": gettext_lazy("This installation doesn't allow services on private addresses."),
}


def clean_base_url(text: str, *, allow_private: bool) -> str:
    """Return the URL without a trailing slash. Raise ValidationError with the field `base_url`.

    Services on the installation's own network are for those who may name private addresses: for others, the site would
    ask its own network. The URL in the settings is its operator's.
    """
    url = text.strip().rstrip("/")
    if url == settings.HOSTED_BASE_URL.rstrip("/"):
        return url
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
        raise _build_error(_PRIVATE_REFUSED[settings.PRIVATE_ADDRESSES])
    return url


def can_name_private_addresses(user: User) -> bool:
    """Return whether the settings let this person add services on private addresses."""
    return settings.PRIVATE_ADDRESSES == "everyone" or (
        settings.PRIVATE_ADDRESSES == "administrators" and user.is_administrator
    )


def has_private_host(host: str) -> bool:
    """Return whether a host is written as a non-public address or as a name that only a local network knows.

    Names aren't resolved here: a web request asks no name server.
    """
    name = host.rstrip(".").lower()
    if ":" in name or NUMERIC_END.search(name):
        return not is_public(name)
    return "." not in name or name.endswith(LOCAL_DOMAINS)


def _build_error(message: "StrOrPromise") -> ValidationError:
    return ValidationError({"base_url": [message]})
