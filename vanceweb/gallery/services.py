"""Writes on pictures. What is called by a view reads a file's header only; workers decode pixels."""

from functools import partial
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import transaction
from django.utils import timezone

from vanceweb.gallery.asset_files import (
    delete_files_on_error,
    delete_leftover_files,
    store_asset_file,
    write_thumbnails,
)
from vanceweb.gallery.models import Asset
from vanceweb.gallery.samples import get_sample
from vanceweb.gallery.tasks import make_thumbnails
from vanceweb.lib.images import inspect_image
from vanceweb.teams.models import User


class SampleMissing(Exception):
    """There is no sample of that name, or its file isn't installed."""


def store_upload(*, owner: User, file: BinaryIO, name: str) -> Asset:
    """Keeps a picture that a person sent, once its header is found to be in order.

    Whether it is whole shows when a worker decodes it (`Asset.problem`). Raises ImageRefused with a sentence.
    """
    return _store_picture(owner=owner, kind=Asset.Kind.UPLOAD, file=file, name=name)


def store_sample(*, owner: User, sample: str) -> Asset:
    """The person's copy of a sample photo; made at its first use. Raises SampleMissing."""
    try:
        entry = get_sample(sample)
    except LookupError as error:
        raise SampleMissing(str(error)) from None
    name = entry.static_path.rsplit("/", 1)[-1]
    stored = Asset.objects.filter(owner=owner, kind=Asset.Kind.SAMPLE, name=name, problem="").first()
    if stored is not None:
        return stored
    path = finders.find(entry.static_path)
    if not isinstance(path, str):
        raise SampleMissing(f"The sample {entry.title} isn't installed.")
    with open(path, "rb") as file:
        return _store_picture(owner=owner, kind=Asset.Kind.SAMPLE, file=file, name=name)


def prepare_result(*, owner: User, file: BinaryIO, name: str, uuid: UUID) -> Asset:
    """Stores what a job brought back, with its thumbnails, and gives the row for it, not yet saved.

    The caller saves the row together with its own, inside `delete_files_on_error(asset)`. Raises ImageRefused.
    """
    facts = inspect_image(
        file,
        max_bytes=settings.RESULT_MAX_BYTES,
        max_pixels=settings.RESULT_MAX_PIXELS,
        formats=settings.UPLOAD_FORMATS,
        decode=False,
    )
    asset = store_asset_file(owner=owner, kind=Asset.Kind.RESULT, file=file, name=name, facts=facts, uuid=uuid)
    with delete_files_on_error(asset):
        write_thumbnails(asset)
    asset.thumbnails_at = timezone.now()
    return asset


@transaction.atomic
def delete_asset(*, asset: Asset) -> None:
    """Removes the row, and its files once that is certain. Jobs that used the picture stay, without it."""
    folder = asset.folder
    asset.delete()
    transaction.on_commit(partial(delete_leftover_files, folder))


def _store_picture(*, owner: User, kind: str, file: BinaryIO, name: str) -> Asset:
    facts = inspect_image(
        file,
        max_bytes=settings.UPLOAD_MAX_BYTES,
        max_pixels=settings.UPLOAD_MAX_PIXELS,
        formats=settings.UPLOAD_FORMATS,
        decode=False,
    )
    asset = store_asset_file(owner=owner, kind=kind, file=file, name=name, facts=facts)
    with delete_files_on_error(asset), transaction.atomic():
        asset.save()
        make_thumbnails.enqueue(asset.pk)
    return asset
