"""The responses with pictures' files, for pages and for programs."""

from pathlib import PurePosixPath

from django.core.files.storage import storages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import salted_hmac

from vanceweb.gallery.models import Asset
from vanceweb.lib.file_responses import SentFile, build_file_response

# The bytes behind an id never change, but only the user's own browser may cache them.
IMMUTABLE_CACHE = "private, max-age=31536000, immutable"
CONTENT_TYPES = {"jpg": "image/jpeg", "png": "image/png"}


def send_original(request: HttpRequest, asset: Asset, *, as_attachment: bool) -> HttpResponseBase:
    """Send the original file, which the caller has permitted. Raise Http404 if it is gone."""
    file = SentFile(
        storages["default"],
        path=str(asset.file.name),
        etag=f'"{asset.sha256}"',
        content_type=CONTENT_TYPES[asset.format],
        name=asset.download_name,
        cache_control=IMMUTABLE_CACHE,
        as_attachment=as_attachment,
    )
    return _send_or_404(request, file)


def send_thumbnail(request: HttpRequest, asset: Asset, size: str) -> HttpResponseBase:
    """Send a thumbnail that has been made and that the caller has permitted. Raise Http404 if it is gone."""
    path = asset.get_thumbnail_path(size)
    file = SentFile(
        storages["default"],
        path=path,
        etag=_make_thumbnail_etag(asset, path),
        content_type="image/webp",
        name=str(PurePosixPath(asset.download_name).with_suffix(".webp")),
        cache_control=IMMUTABLE_CACHE,
    )
    return _send_or_404(request, file)


def _make_thumbnail_etag(asset: Asset, path: str) -> str:
    """Return a validator that changes with the stored name and doesn't reveal it.

    The name, or a validator that two assets share, would tell other teams that somebody else has the same picture.
    """
    return f'"{salted_hmac("gallery.thumbnail", f"{asset.uuid}/{path}", algorithm="sha256").hexdigest()}"'


def _send_or_404(request: HttpRequest, file: SentFile) -> HttpResponseBase:
    try:
        return build_file_response(request, file)
    except FileNotFoundError:
        raise Http404("The file is gone.") from None
