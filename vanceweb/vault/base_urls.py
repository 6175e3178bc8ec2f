"""The base URL of a service, as people write it."""

from urllib.parse import urlsplit

from django.core.exceptions import ValidationError


def clean_base_url(text: str) -> str:
    """The URL without a trailing slash. Raises ValidationError with the field `base_url`.

    Private addresses are allowed: a bundled engine on another machine of one's own is meant to be reachable.
    """
    url = text.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _build_error("This is not a URL.") from None
    if parts.scheme not in ("http", "https") or not host:
        raise _build_error("The address has to begin with http:// or https://.")
    if parts.username or parts.password:
        raise _build_error("The address must not hold a name or password; the token has its own field.")
    if parts.query or parts.fragment:
        raise _build_error("The address must not hold ? or #.")
    return url


def _build_error(message: str) -> ValidationError:
    return ValidationError({"base_url": [message]})
