"""The gallery and the files of pictures."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from vanceweb.catalogue.features import FEATURES
from vanceweb.gallery.file_responses import send_original, send_thumbnail
from vanceweb.gallery.models import Asset
from vanceweb.gallery.queries import PictureFilter, find_use, get_pictures_page
from vanceweb.gallery.search import read_search_text
from vanceweb.gallery.services import delete_picture
from vanceweb.gallery.sizes import THUMBNAIL_SIZES
from vanceweb.lib.pagination import build_first_page_address
from vanceweb.teams.access import Actor, filter_visible, get_visible_or_404, require_editable, team_page
from vanceweb.teams.person_filter import read_person_filter
from vanceweb.teams.return_lists import find_list, remember_list, remember_referring_list


@require_safe
@team_page
def gallery(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the team's results, newest first; `?after=` continues the list, as a page or, for htmx, as more tiles.

    `?person=`, `?feature=` and `?q=` narrow it to a person, a tool and a part of the name.
    """
    results = filter_visible(Asset.objects.results(), actor)
    person = read_person_filter(request.GET.get("person", ""), actor, results)
    wanted = PictureFilter(person.chosen, request.GET.get("feature", ""), read_search_text(request))
    after = request.GET.get("after")
    assets, following = get_pictures_page(actor, wanted, after=after, limit=settings.GALLERY_PAGE_TILES)
    is_htmx = getattr(request, "htmx", False)
    if after and not assets and not is_htmx:
        # The last pictures of this page were deleted.
        return redirect(build_first_page_address(request))
    context = {
        "assets": assets,
        "next": following,
        "first": not after,
        "person_filter": person,
        "wanted": wanted,
        "is_filtered": wanted != PictureFilter(),
        "features": FEATURES,
    }
    template = "gallery/list.html#tiles" if is_htmx else "gallery/list.html"
    return remember_list(request, render(request, template, context))


@login_not_required
@require_safe
def asset_file(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Send the original file; with `?download=1` as an attachment."""
    asset, _actor = get_visible_or_404(request, Asset.objects.all(), uuid=uuid)
    return send_original(request, asset, as_attachment="download" in request.GET)


@login_not_required
@require_safe
def asset_thumbnail(request: HttpRequest, uuid: UUID, size: str) -> HttpResponseBase:
    """Send a thumbnail; 404 until it has been made."""
    asset, _actor = get_visible_or_404(request, Asset.objects.all(), uuid=uuid)
    if size not in THUMBNAIL_SIZES or not asset.has_thumbnails:
        raise Http404("There is no such thumbnail.")
    return send_thumbnail(request, asset, size)


@require_http_methods(["GET", "HEAD", "POST"])
def asset_delete(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Say what goes, then delete the picture and return to the list that the person came from. Its jobs stay."""
    asset, actor = get_visible_or_404(request, Asset.objects.all(), uuid=uuid)
    require_editable(actor, asset)
    if request.method != "POST":
        context = {"asset": asset, "use": find_use(asset, actor), "back": find_list(request, actor, default="gallery")}
        return remember_referring_list(request, render(request, "gallery/delete.html", context), actor)
    name = asset.name
    delete_picture(actor=actor, picture=asset)
    messages.success(request, _("%(name)s is deleted.") % {"name": name})
    return redirect(find_list(request, actor, default="gallery"))
