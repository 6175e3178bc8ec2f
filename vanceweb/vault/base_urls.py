"""Validation of a service's base URL."""

from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


def clean_base_url(text: str) -> str:
    """Return the URL without a trailing slash. Raise ValidationError with the field `base_url`.

    Private addresses are allowed, so that an engine on the user's own network can be reached.
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
    return url


def _build_error(message: str) -> ValidationError:
    return ValidationError({"base_url": [message]})
