"""The worker's decoding of a stored picture, which finds damage and makes the thumbnails."""

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from vanceweb.gallery.asset_files import write_thumbnails
from vanceweb.gallery.models import Asset
from vanceweb.lib.images import NotAnImage


def make_thumbnails(asset_id: int) -> None:
    """Make the thumbnails or record that the picture is damaged. Do nothing if that was already done."""
    asset = Asset.objects.filter(pk=asset_id).first()
    if asset is not None:
        ensure_thumbnails(asset)


def ensure_thumbnails(asset: Asset) -> None:
    """Make missing thumbnails and set the asset's `thumbnails_at` or `problem`, in memory and in the database."""
    if asset.has_thumbnails or asset.problem:
        return
    row = Asset.objects.filter(pk=asset.pk)
    # Counted before the attempt, so that a picture that crashes the worker isn't tried for ever.
    row.update(thumbnail_attempts=F("thumbnail_attempts") + 1)
    try:
        write_thumbnails(asset)
    except FileNotFoundError:
        asset.problem = _("The picture's file is missing.")
    except NotAnImage as error:
        asset.problem = str(error)
    else:
        asset.thumbnails_at = timezone.now()
    row.update(thumbnails_at=asset.thumbnails_at, problem=asset.problem)
