"""Filters for pictures on pages."""

from django import template
from django.urls import reverse

from vanceweb.gallery.models import Asset

register = template.Library()

# Until its thumbnails exist, the picture itself is shown, unless it is larger than this. Uploads never are.
INLINE_MAX_BYTES = 12 * 1024 * 1024


@register.filter
def picture_url_of(asset: Asset | None, size: str) -> str:
    """Return the URL of a thumbnail (`tile` or `preview`), or of the file itself before there is one, or ""."""
    if asset is None:
        return ""
    if asset.has_thumbnails:
        return reverse("asset-thumbnail", args=[asset.uuid, size])
    if asset.filesize <= INLINE_MAX_BYTES and not asset.problem:
        return reverse("asset-file", args=[asset.uuid])
    return ""
