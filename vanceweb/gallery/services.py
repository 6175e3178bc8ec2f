"""Writes on pictures. Functions called by views read only a file's header; workers have the pixels decoded."""

from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from vanceweb.gallery.blob_files import delete_files_on_error, store_blob_file, write_thumbnails
from vanceweb.gallery.models import Asset, Origin
from vanceweb.gallery.references import drop_reference, take_reference
from vanceweb.gallery.samples import get_sample
from vanceweb.gallery.sizes import RESULT_MAX_BYTES, RESULT_MAX_PIXELS, RESULT_MAX_SIDE
from vanceweb.gallery.tasks import make_thumbnails
from vanceweb.lib.conversion import convert_file
from vanceweb.lib.file_names import clean_file_name
from vanceweb.lib.foreign_formats import ForeignFormat
from vanceweb.lib.images import ImageFacts, inspect_image
from vanceweb.teams.access import Actor
from vanceweb.teams.audit import record_event
from vanceweb.teams.models import AuditAction, Ownership


class SampleMissing(Exception):
    """No sample has that name, or its file isn't installed. The message is for the user."""


@dataclass(frozen=True)
class ConvertedUpload:
    """An uploaded picture that was converted, and sentences about what its file lacks."""

    asset: Asset
    notes: tuple[str, ...]


def store_upload(*, actor: Actor, file: BinaryIO, name: str, uuid: UUID | None = None) -> Asset:
    """Store a picture that a person uploaded to the team, after checking its header. Its id is `uuid` or a new one.

    Damage in the pixels is found later, when a worker decodes it (`Asset.problem`). Raise ImageRefused with a sentence
    for the user.
    """
    return _store_picture(ownership=actor.own(), kind=Asset.Kind.UPLOAD, file=file, name=name, uuid=uuid)


def store_converted(*, actor: Actor, file: BinaryIO, format: ForeignFormat, name: str) -> ConvertedUpload:
    """Convert the picture to JPG or PNG and store the result as the upload of the person; the original isn't kept.

    The calling process waits for the decoder, some seconds for the largest pictures, because the person decides by what
    they see. Raise ImageRefused or DecoderUnavailable with a sentence for the user.
    """
    converted = convert_file(file, format)
    asset = _store_picture(ownership=actor.own(), kind=Asset.Kind.UPLOAD, file=converted.file, name=name)
    return ConvertedUpload(asset, converted.notes)


def inspect_upload(file: BinaryIO) -> ImageFacts:
    """Read the header of a picture that somebody uploads. Raise ImageRefused with a sentence for the user."""
    return inspect_image(
        file,
        max_bytes=settings.UPLOAD_MAX_BYTES,
        max_pixels=settings.UPLOAD_MAX_PIXELS,
        formats=settings.UPLOAD_FORMATS,
    )


def store_sample(*, actor: Actor, sample: str) -> Asset:
    """Return the team's copy of a sample photo, created on first use. Raise SampleMissing."""
    try:
        entry = get_sample(sample)
    except LookupError:
        raise SampleMissing(_("There is no sample “%(name)s”.") % {"name": sample}) from None
    name = entry.static_path.rsplit("/", 1)[-1]
    # Not a private copy: a job on it would be private too.
    shared = Asset.objects.filter(team=actor.team, private_to=None)
    stored = shared.filter(kind=Asset.Kind.SAMPLE, name=name, blob__problem="").first()
    if stored is not None:
        return stored
    path = finders.find(entry.static_path)
    if not isinstance(path, str):
        raise SampleMissing(_("The sample %(title)s isn't installed.") % {"title": entry.title})
    with open(path, "rb") as file:
        return _store_picture(ownership=actor.own(), kind=Asset.Kind.SAMPLE, file=file, name=name)


def prepare_result(*, ownership: Ownership, file: BinaryIO, name: str, uuid: UUID, origin: Origin) -> Asset:
    """Store a job's result and its thumbnails, and return its row with a new blob, both not yet saved.

    The caller saves it by `save_asset` together with its own row, inside `delete_files_on_error(asset.blob)`. `uuid` is
    the id of both rows. Raise ImageRefused or DecoderUnavailable.
    """
    facts = inspect_image(
        file,
        max_bytes=RESULT_MAX_BYTES,
        max_pixels=RESULT_MAX_PIXELS,
        max_side=RESULT_MAX_SIDE,
        formats=settings.UPLOAD_FORMATS,
    )
    blob = store_blob_file(file, facts, uuid=uuid)
    with delete_files_on_error(blob):
        write_thumbnails(blob)
    blob.thumbnails_at = timezone.now()
    blob.not_before = blob.woken_at = None
    return Asset(
        uuid=uuid,
        **ownership.to_fields(),
        **origin.to_fields(),
        kind=Asset.Kind.RESULT,
        name=clean_file_name(name, blob.format),
        blob=blob,
    )


@transaction.atomic
def save_asset(asset: Asset) -> None:
    """Save an asset with a new blob. If its bytes are stored already, refer to those and delete the new files."""
    asset.blob = take_reference(asset.blob)
    asset.save()


@transaction.atomic
def delete_picture(*, actor: Actor, picture: Asset) -> None:
    """Delete a picture as the actor asked, which the caller has permitted (see `delete_asset`)."""
    if delete_asset(asset=picture):
        is_named = not picture.is_private
        record_event(AuditAction.PICTURE_DELETED, by=actor.performer, target=picture, is_named=is_named)


@transaction.atomic
def delete_asset(*, asset: Asset) -> bool:
    """Delete the row, and its bytes unless another asset has the same. Jobs that used the picture stay, without it.

    The files are deleted once the transaction is committed. Return False if the row was gone already.
    """
    deleted, _rows = Asset.objects.filter(pk=asset.pk).delete()
    if deleted:
        drop_reference(asset.blob_id)
    return deleted > 0


def _store_picture(*, ownership: Ownership, kind: str, file: BinaryIO, name: str, uuid: UUID | None = None) -> Asset:
    facts = inspect_upload(file)
    blob = store_blob_file(file, facts)
    name = clean_file_name(name, blob.format)
    asset = Asset(uuid=uuid or uuid4(), **ownership.to_fields(), kind=kind, name=name, blob=blob)
    with delete_files_on_error(blob), transaction.atomic():
        save_asset(asset)
        if asset.blob is blob:
            # A blob that was there already has its thumbnails, or a message for them.
            make_thumbnails.enqueue()
    return asset
