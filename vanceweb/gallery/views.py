"""The gallery, and the files of pictures."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from vanceweb.gallery.models import Asset
from vanceweb.gallery.queries import get_results_page
from vanceweb.gallery.services import delete_asset
from vanceweb.teams.access import get_owned_or_404

# A picture's bytes never change under its id; only the person's own browser may keep them.
IMMUTABLE_CACHE = "private, max-age=31536000, immutable"
CONTENT_TYPES = {"jpg": "image/jpeg", "png": "image/png"}


@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """The user's results, newest first; `?after=` goes on from there, as a page or, for htmx, as more tiles."""
    assets, following = get_results_page(request.user, request.GET.get("after"), settings.GALLERY_PAGE_TILES)
    context = {"assets": assets, "next": following, "first": not request.GET.get("after")}
    template = "gallery/list.html#tiles" if getattr(request, "htmx", False) else "gallery/list.html"
    return render(request, template, context)


@login_not_required
@require_safe
def asset_file(request: HttpRequest, uuid: UUID) -> FileResponse:
    """The picture itself; with `?download=1` to be saved under its name."""
    asset = get_owned_or_404(Asset.objects.all(), request.user, uuid=uuid)
    name = asset.download_name if "download" in request.GET else ""
    return _build_file_response(str(asset.file.name), CONTENT_TYPES[asset.format], name)


@login_not_required
@require_safe
def asset_thumbnail(request: HttpRequest, uuid: UUID, size: str) -> FileResponse:
    """A thumbnail; 404 as long as it isn't made."""
    asset = get_owned_or_404(Asset.objects.all(), request.user, uuid=uuid)
    if size not in settings.THUMBNAIL_SIZES or not asset.has_thumbnails:
        raise Http404("There is no such thumbnail.")
    return _build_file_response(asset.get_thumbnail_path(size), "image/webp")


@require_http_methods(["GET", "HEAD", "POST"])
def asset_delete(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Asks, then removes the picture. Jobs that used or made it stay, without it."""
    asset = get_owned_or_404(Asset.objects.all(), request.user, uuid=uuid)
    if request.method != "POST":
        return render(request, "gallery/delete.html", {"asset": asset})
    name = asset.name
    delete_asset(asset=asset)
    messages.success(request, f"{name} is deleted.")
    return redirect("gallery")


def _build_file_response(path: str, content_type: str, save_as: str = "") -> FileResponse:
    """Streams a file of the default storage; Http404 where it is gone."""
    try:
        opened = default_storage.open(path, "rb")
    except FileNotFoundError:
        raise Http404("The file is gone.") from None
    return FileResponse(
        opened,
        as_attachment=bool(save_as),
        filename=save_as,
        content_type=content_type,
        headers={"Cache-Control": IMMUTABLE_CACHE},
    )
