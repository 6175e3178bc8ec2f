"""A Blob: the bytes of a picture. An Asset: a picture of a team, uploaded or made by a job, with its Blob."""

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID, uuid4

from django.db import models
from django.db.models.fields.files import FieldFile
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vanceweb.gallery.link_models import SharedPicture, ShareLink
from vanceweb.gallery.sizes import THUMBNAIL_SIZES, Size, fit_size
from vanceweb.lib.file_names import clean_file_name
from vanceweb.lib.leases import LeasedModel
from vanceweb.teams.models import TeamOwned, User

__all__ = ["Asset", "Blob", "Origin", "ShareLink", "SharedPicture"]


def original_path(asset: "Asset", filename: str) -> str:
    """Return the storage path of a file. Only the first migration names this function."""
    return f"{asset.folder}/{uuid4().hex[:12]}.{asset.format}"


def build_blob_path(blob: "Blob", filename: str) -> str:
    """Return the storage path of the file, built from the blob's id and never from the uploaded name.

    Every attempt at storing it uses a new name, so that a worker that lost its job never touches the file of the
    worker that has it now.
    """
    return f"{blob.folder}/{uuid4().hex[:12]}.{blob.format}"


class Blob(LeasedModel):
    """The bytes of a picture, shared by all assets with these bytes.

    `references` counts those assets; the blob is deleted with the last of them. `width` and `height` are px as seen,
    with the EXIF orientation applied. The columns of the lease are about the thumbnails: a worker makes them once
    `not_before` has come, and never while that is empty.
    """

    class Format(models.TextChoices):
        JPG = "jpg", "JPG"
        PNG = "png", "PNG"

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    # Not unique: two uploads of the same bytes at the same time may store them twice.
    sha256 = models.CharField(max_length=64)
    file = models.FileField(upload_to=build_blob_path, max_length=200)
    format = models.CharField(max_length=4, choices=Format.choices)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    filesize = models.PositiveBigIntegerField()
    references = models.PositiveIntegerField(default=0)
    # Set once all pixels have been decoded and the thumbnails stored.
    thumbnails_at = models.DateTimeField(null=True, blank=True)
    # In the names of the thumbnails' files, a new one at each attempt; empty where an older version made them.
    thumbnail_key = models.CharField(max_length=12, blank=True)
    # A sentence for the user, set when the file can't be decoded.
    problem = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["sha256"], name="gallery_same_bytes")]

    def __str__(self) -> str:
        return f"{self.sha256[:12]}.{self.format}"

    @property
    def folder(self) -> str:
        """The folder in the default storage of the file and its thumbnails. No other blob uses it."""
        if self.file.name:
            return str(PurePosixPath(self.file.name).parent)
        return f"blobs/{self.uuid.hex[:2]}/{self.uuid.hex}"

    @property
    def has_thumbnails(self) -> bool:
        return self.thumbnails_at is not None

    def get_thumbnail_path(self, size: str) -> str:
        """Return the path in the default storage of the thumbnail `size`, a key of THUMBNAIL_SIZES."""
        name = f"{size}-{self.thumbnail_key}" if self.thumbnail_key else size
        return f"{str(self.file.name).rsplit('.', 1)[0]}.{name}.webp"


@dataclass(frozen=True)
class Origin:
    """The picture that a result was made from, the first one of that chain, and what made the result.

    The ids outlive the pictures. `feature` is the slug of the job's feature. Services may not tell `engine_version`:
    then it is empty.
    """

    parent_uuid: UUID | None = None
    root_uuid: UUID | None = None
    feature: str = ""
    backend: str = ""
    engine_version: str = ""

    def to_fields(self) -> dict[str, Any]:
        """Return the fields of an Asset."""
        return asdict(self)


class AssetQuerySet(models.QuerySet["Asset"]):
    def results(self) -> "AssetQuerySet":
        """Return the pictures that jobs made: those that the gallery shows."""
        return self.filter(kind=Asset.Kind.RESULT)

    def filter_person(self, person: User | None) -> "AssetQuerySet":
        """Return the pictures that the person uploaded or made; all of them for None."""
        return self if person is None else self.filter(created_by=person)

    def filter_feature(self, slug: str) -> "AssetQuerySet":
        """Return the pictures that this feature made; all of them for an empty slug."""
        return self.filter(feature=slug) if slug else self

    def filter_name(self, text: str) -> "AssetQuerySet":
        """Return the pictures whose names contain the text, in upper or lower case; all of them for an empty text."""
        return self.filter(name__icontains=text) if text else self


class AssetManager(models.Manager["Asset"]):
    """Fetches every asset with its blob, in the same query."""

    def get_queryset(self) -> AssetQuerySet:
        return AssetQuerySet(self.model, using=self._db).select_related("blob")

    def results(self) -> AssetQuerySet:
        """Return the pictures that jobs made."""
        return self.get_queryset().results()


class Asset(TeamOwned):
    """A picture that people see. Facts about its bytes are those of its blob."""

    class Kind(models.TextChoices):
        UPLOAD = "upload", _("Upload")
        RESULT = "result", _("Result")
        SAMPLE = "sample", _("Sample")

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=200)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="assets")
    # Ids and no foreign keys, so that a result still says what it came from when those pictures have been deleted.
    parent_uuid = models.UUIDField(null=True, blank=True, editable=False)
    root_uuid = models.UUIDField(null=True, blank=True, editable=False)
    # The slug of the job's feature; empty for pictures that no job made.
    feature = models.CharField(max_length=40, blank=True)
    # The service's names for the backend that made a result, and for the engine and its version.
    backend = models.TextField(blank=True)
    engine_version = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = AssetManager()

    class Meta:
        indexes = [
            # The privacy stands last: most rows are the team's, so that reading in order and skipping beats sorting.
            models.Index(fields=["team", "kind", "-created_at", "-id", "private_to"], name="gallery_newest_first"),
            models.Index(
                fields=["team", "kind", "feature", "-created_at", "-id", "private_to"], name="gallery_by_feature"
            ),
            models.Index(
                fields=["team", "kind", "created_by", "-created_at", "-id", "private_to"], name="gallery_by_person"
            ),
            models.Index(fields=["root_uuid"], name="gallery_same_root"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def file(self) -> FieldFile:
        return self.blob.file

    @property
    def folder(self) -> str:
        return self.blob.folder

    @property
    def sha256(self) -> str:
        return self.blob.sha256

    @property
    def format(self) -> str:
        return self.blob.format

    @property
    def width(self) -> int:
        """The width as seen, px."""
        return self.blob.width

    @property
    def height(self) -> int:
        """The height as seen, px."""
        return self.blob.height

    @property
    def filesize(self) -> int:
        """The size of the file, bytes."""
        return self.blob.filesize

    @property
    def problem(self) -> str:
        """A sentence for the user if the file can't be decoded, else empty."""
        return self.blob.problem

    @property
    def thumbnails_at(self) -> datetime | None:
        return self.blob.thumbnails_at

    @property
    def has_thumbnails(self) -> bool:
        return self.blob.has_thumbnails

    @property
    def tile_size(self) -> Size:
        """Width and height of the small thumbnail, px."""
        return fit_size(self.width, self.height, THUMBNAIL_SIZES["tile"])

    @property
    def preview_size(self) -> Size:
        """Width and height of the large thumbnail, px."""
        return fit_size(self.width, self.height, THUMBNAIL_SIZES["preview"])

    @property
    def download_name(self) -> str:
        """The file name for downloads: the name itself, except for rows that an older version stored."""
        return clean_file_name(self.name, self.format)

    @property
    def own_root_uuid(self) -> UUID:
        """The id of the first picture of the chain: this one, unless it was made from another."""
        return self.root_uuid or self.uuid

    def get_format_display(self) -> str:
        """Return the format's name for people."""
        return self.blob.get_format_display()

    def get_thumbnail_path(self, size: str) -> str:
        """Return the path in the default storage of the thumbnail `size`, a key of THUMBNAIL_SIZES."""
        return self.blob.get_thumbnail_path(size)
