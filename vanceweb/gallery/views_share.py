"""The page of a share link and its files, for visitors without an account.

Everything is below the link's own address. Whatever is wrong with a link, the answer is the same: 404 and a sentence.
"""

from collections.abc import Callable
from functools import wraps
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.files.storage import storages
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from vanceweb.gallery.file_responses import CONTENT_TYPES
from vanceweb.gallery.forms import UnlockForm
from vanceweb.gallery.link_queries import ShownPicture, find_open_link, list_shown
from vanceweb.gallery.link_services import count_download, count_view, unlock_link
from vanceweb.gallery.models import Asset, ShareLink
from vanceweb.lib.client_address import get_client_address
from vanceweb.lib.file_responses import SentFile, build_file_response
from vanceweb.lib.private_pages import NEVER_STORED
from vanceweb.throttling.refusals import build_refusal
from vanceweb.throttling.services import Throttled

View = Callable[..., HttpResponseBase]
# No search engine lists the page, no other site learns its address, and nothing it loads is taken for a page.
HEADERS = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}
COOKIE = "unlocked"
# Whoever gave the password gives it again a day later.
UNLOCKED_SECONDS = 24 * 3600
PREVIEW = "preview"


class NothingShared(Exception):
    """The link doesn't exist, has ended, shows nothing any more, or not this."""


def share_page(view: View) -> View:
    """Resolve the secret and pass the view the link with the pictures that it shows."""

    @wraps(view)
    def wrapper(request: HttpRequest, secret: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *_find_shown(secret), *args, **kwargs)
        except (NothingShared, FileNotFoundError):
            response = render(request, "gallery/share_missing.html", status=404)
        except Throttled as throttled:
            response = build_refusal(request, throttled)
        for name, value in HEADERS.items():
            response.headers[name] = value
        # Django logs the address of a refused request, and this one is a secret.
        response._has_been_logged = True  # type: ignore[attr-defined]
        return response

    # A form of another site gains nothing: it would have to know the password. And browsers don't say where a form
    # comes from on a page that sends no referrer.
    return login_not_required(csrf_exempt(wrapper))


@share_page
@require_http_methods(["GET", "HEAD", "POST"])
def share(request: HttpRequest, link: ShareLink, shown: list[ShownPicture]) -> HttpResponse:
    """Show the pictures, or ask for the password first."""
    if request.method == "POST":
        return _unlock(request, link)
    if not _is_unlocked(request, link):
        return render(request, "gallery/share_password.html", {"form": UnlockForm()})
    if request.method == "GET":
        count_view(link=link)
    secret = request.resolver_match.kwargs["secret"] if request.resolver_match else ""
    return render(request, "gallery/share.html", {"link": link, "shown": shown, "secret": secret})


@share_page
@require_safe
def share_preview(
    request: HttpRequest, link: ShareLink, shown: list[ShownPicture], number: int, part: str
) -> HttpResponseBase:
    """Send the large thumbnail of a picture."""
    asset = _find_picture(request, link, shown, number, part)
    if not asset.has_thumbnails:
        raise NothingShared
    path = asset.get_thumbnail_path(PREVIEW)
    file = SentFile(
        storages["default"],
        path=path,
        etag=f'"{_make_mark(link, path)}"',
        content_type="image/webp",
        name=str(PurePosixPath(asset.download_name).with_suffix(".webp")),
        cache_control=NEVER_STORED,
    )
    return build_file_response(request, file)


@share_page
@require_safe
def share_file(
    request: HttpRequest, link: ShareLink, shown: list[ShownPicture], number: int, part: str
) -> HttpResponseBase:
    """Send an original as an attachment, if the link shows originals."""
    asset = _find_picture(request, link, shown, number, part)
    if not link.shows_originals:
        raise NothingShared
    file = SentFile(
        storages["default"],
        path=str(asset.file.name),
        etag=f'"{_make_mark(link, asset.sha256)}"',
        content_type=CONTENT_TYPES[asset.format],
        name=asset.download_name,
        cache_control=NEVER_STORED,
        as_attachment=True,
    )
    response = build_file_response(request, file)
    # Parts and repetitions of a download are no further ones.
    if request.method == "GET" and response.status_code == 200:
        count_download(link=link)
    return response


def _find_shown(secret: str) -> tuple[ShareLink, list[ShownPicture]]:
    link = find_open_link(secret)
    shown = [] if link is None else list_shown(link)
    if link is None or not shown:
        raise NothingShared
    return link, shown


def _find_picture(request: HttpRequest, link: ShareLink, shown: list[ShownPicture], number: int, part: str) -> Asset:
    """Return the picture with this number (`part` "after") or the one before it ("before"). Raise NothingShared."""
    found = next((row for row in shown if row.number == number), None)
    asset = None if found is None else {"after": found.picture, "before": found.before}.get(part)
    if asset is None or not _is_unlocked(request, link):
        raise NothingShared
    return asset


def _unlock(request: HttpRequest, link: ShareLink) -> HttpResponse:
    """Check the password, remember in a cookie of this address that it was right, and show the page."""
    form = UnlockForm(request.POST)
    address = reverse("share", kwargs=request.resolver_match.kwargs if request.resolver_match else {})
    if not link.password:
        return redirect(address)
    if form.is_valid():
        if unlock_link(link=link, password=form.cleaned_data["password"], address=get_client_address(request)):
            response = redirect(address)
            response.set_signed_cookie(
                COOKIE,
                _make_mark(link, link.password),
                salt=_get_salt(link),
                max_age=UNLOCKED_SECONDS,
                path=address,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
            return response
        form.add_error("password", _("This password is wrong."))
    return render(request, "gallery/share_password.html", {"form": form}, status=422)


def _is_unlocked(request: HttpRequest, link: ShareLink) -> bool:
    """Return whether the link has no password, or its present one was given."""
    if not link.password:
        return True
    try:
        mark = request.get_signed_cookie(COOKIE, salt=_get_salt(link), max_age=UNLOCKED_SECONDS)
    except (KeyError, BadSignature):
        return False
    return mark == _make_mark(link, link.password)


def _get_salt(link: ShareLink) -> str:
    return f"gallery.share.{link.uuid}"


def _make_mark(link: ShareLink, value: str) -> str:
    """Return a hash that changes with the value and doesn't reveal it, another one for each link."""
    return salted_hmac(_get_salt(link), value, algorithm="sha256").hexdigest()
