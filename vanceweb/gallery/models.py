"""An Asset: one picture of a team, uploaded or made by a job."""

from pathlib import PurePosixPath
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vanceweb.gallery.sizes import Size, fit_size
from vanceweb.teams.models import TeamOwned


def original_path(asset: "Asset", filename: str) -> str:
    """Return the storage path of the file, built from the public id and never from the uploaded name.

    Every attempt at storing it uses a new name, so that a worker that lost its job never touches the file of the
    worker that has it now.
    """
    return f"{asset.folder}/{uuid4().hex[:12]}.{asset.format}"


class AssetQuerySet(models.QuerySet["Asset"]):
    def results(self) -> "AssetQuerySet":
        """Return the pictures that jobs made: those that the gallery shows."""
        return self.filter(kind=Asset.Kind.RESULT)


class Asset(TeamOwned):
    """A picture. `width` and `height` are px as seen, with the EXIF orientation applied."""

    class Kind(models.TextChoices):
        UPLOAD = "upload", _("Upload")
        RESULT = "result", _("Result")
        SAMPLE = "sample", _("Sample")

    class Format(models.TextChoices):
        JPG = "jpg", "JPG"
        PNG = "png", "PNG"

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=200)
    # The slug of the job's feature; empty for pictures that no job made.
    feature = models.CharField(max_length=40, blank=True)
    file = models.FileField(upload_to=original_path, max_length=200)
    format = models.CharField(max_length=4, choices=Format.choices)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    filesize = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)
    # Set once all pixels have been decoded and the thumbnails stored.
    thumbnails_at = models.DateTimeField(null=True, blank=True)
    thumbnails_asked_at = models.DateTimeField(default=timezone.now)
    thumbnail_attempts = models.PositiveSmallIntegerField(default=0)
    # A sentence for the user, set when the file can't be decoded.
    problem = models.TextField(blank=True)

    objects = AssetQuerySet.as_manager()

    class Meta:
        indexes = [
            # The privacy stands last: most rows are the team's, so that reading in order and skipping beats sorting.
            models.Index(fields=["team", "kind", "-created_at", "-id", "private_to"], name="gallery_newest_first"),
            models.Index(
                fields=["team", "kind", "feature", "-created_at", "-id", "private_to"], name="gallery_by_feature"
            ),
            # Queried every few seconds, and almost always empty.
            models.Index(
                fields=["thumbnails_asked_at"],
                name="gallery_no_thumbnails",
                condition=Q(thumbnails_at=None, problem=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def folder(self) -> str:
        return f"assets/{self.uuid.hex[:2]}/{self.uuid.hex}"

    @property
    def has_thumbnails(self) -> bool:
        return self.thumbnails_at is not None

    @property
    def tile_size(self) -> Size:
        """Width and height of the small thumbnail, px."""
        return fit_size(self.width, self.height, settings.THUMBNAIL_SIZES["tile"])

    @property
    def preview_size(self) -> Size:
        """Width and height of the large thumbnail, px."""
        return fit_size(self.width, self.height, settings.THUMBNAIL_SIZES["preview"])

    @property
    def download_name(self) -> str:
        """File name for downloads: the display name with the extension that matches the content."""
        return f"{PurePosixPath(self.name).stem or 'picture'}.{self.format}"

    def get_thumbnail_path(self, size: str) -> str:
        """Return the path in the default storage of the thumbnail `size`, a key of THUMBNAIL_SIZES."""
        return f"{str(self.file.name).rsplit('.', 1)[0]}.{size}.webp"
