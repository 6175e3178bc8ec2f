"""Decoding a stored picture once, to find out whether it is whole and to make its thumbnails: the worker's side."""

from django.db.models import F
from django.utils import timezone

from vanceweb.gallery.asset_files import write_thumbnails
from vanceweb.gallery.models import Asset
from vanceweb.lib.images import NotAnImage


def make_thumbnails(asset_id: int) -> None:
    """Makes the thumbnails, or notes that the picture is damaged. Does nothing where either is done already."""
    asset = Asset.objects.filter(pk=asset_id).first()
    if asset is not None:
        ensure_thumbnails(asset)


def ensure_thumbnails(asset: Asset) -> None:
    """Brings `thumbnails_at` or `problem` of the asset up to date, in memory and in the database."""
    if asset.has_thumbnails or asset.problem:
        return
    row = Asset.objects.filter(pk=asset.pk)
    # Counted beforehand: a picture that takes the worker down with it must not do so for ever.
    row.update(thumbnail_attempts=F("thumbnail_attempts") + 1)
    try:
        write_thumbnails(asset)
    except FileNotFoundError:
        asset.problem = "The picture's file is missing."
    except NotAnImage as error:
        asset.problem = str(error)
    else:
        asset.thumbnails_at = timezone.now()
    row.update(thumbnails_at=asset.thumbnails_at, problem=asset.problem)
