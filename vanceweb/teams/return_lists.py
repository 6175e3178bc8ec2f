"""The list that a person came from, to which they return when they have deleted something.

A cookie remembers the last list that was opened, or from which an object was opened, with its page. It is never
trusted: only addresses of the lists below, in the same team, are returned to.
"""

from urllib.parse import parse_qsl, urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve, reverse

from vanceweb.teams.access import Actor

# The names of the URLs of lists from which people open jobs and pictures.
LISTS = frozenset({"studio", "jobs", "gallery", "usage", "usage-history"})
COOKIE = "list"
# The address of a list with a cursor has some 100 characters.
LONGEST_ADDRESS = 400


def remember_list(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Remember the list that this request opens. Parts that a page fetches by itself don't count."""
    if not getattr(request, "htmx", False):
        _set_cookie(request, response, request.get_full_path())
    return response


def remember_referring_list(request: HttpRequest, response: HttpResponse, actor: Actor) -> HttpResponse:
    """Remember the list from which the person opened the page of an object, if that is where they come from."""
    try:
        parts = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return response
    address = f"{parts.path}?{parts.query}" if parts.query else parts.path
    if parts.netloc == request.get_host() and (found := _clean_address(address, actor)):
        _set_cookie(request, response, found)
    return response


def find_list(request: HttpRequest, actor: Actor, *, default: str) -> str:
    """Return the address of the list that the person came from, else that of the team's list `default`."""
    return _clean_address(request.COOKIES.get(COOKIE, ""), actor) or reverse(default, args=[actor.team.slug])


def _clean_address(address: str, actor: Actor) -> str:
    """Return a local address of one of the team's lists; empty for anything else."""
    if len(address) > LONGEST_ADDRESS or not address.isprintable():
        return ""
    try:
        parts = urlsplit(address)
        match = resolve(parts.path)
    except (ValueError, Resolver404):
        return ""
    if parts.scheme or parts.netloc or match.url_name not in LISTS or match.kwargs.get("team") != actor.team.slug:
        return ""
    query = urlencode(parse_qsl(parts.query))
    own = reverse(match.url_name, args=[actor.team.slug])
    return f"{own}?{query}" if query else own


def _set_cookie(request: HttpRequest, response: HttpResponse, address: str) -> None:
    if len(address) <= LONGEST_ADDRESS and request.COOKIES.get(COOKIE) != address:
        response.set_cookie(COOKIE, address, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax")
