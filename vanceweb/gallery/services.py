"""Writes on pictures. Functions called by views read only a file's header; workers decode the pixels."""

from functools import partial
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

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
from vanceweb.teams.access import Actor
from vanceweb.teams.models import Ownership


class SampleMissing(Exception):
    """No sample has that name, or its file isn't installed. The message is for the user."""


def store_upload(*, actor: Actor, file: BinaryIO, name: str) -> Asset:
    """Store a picture that a person uploaded to the team, after checking its header.

    Damage in the pixels is found later, when a worker decodes it (`Asset.problem`). Raise ImageRefused with a sentence
    for the user.
    """
    return _store_picture(ownership=actor.own(), kind=Asset.Kind.UPLOAD, file=file, name=name)


def store_sample(*, actor: Actor, sample: str) -> Asset:
    """Return the team's copy of a sample photo, created on first use. Raise SampleMissing."""
    try:
        entry = get_sample(sample)
    except LookupError:
        raise SampleMissing(_("There is no sample “%(name)s”.") % {"name": sample}) from None
    name = entry.static_path.rsplit("/", 1)[-1]
    # Not a private copy: a job on it would be private too.
    shared = Asset.objects.filter(team=actor.team, private_to=None)
    stored = shared.filter(kind=Asset.Kind.SAMPLE, name=name, problem="").first()
    if stored is not None:
        return stored
    path = finders.find(entry.static_path)
    if not isinstance(path, str):
        raise SampleMissing(_("The sample %(title)s isn't installed.") % {"title": entry.title})
    with open(path, "rb") as file:
        return _store_picture(ownership=actor.own(), kind=Asset.Kind.SAMPLE, file=file, name=name)


def prepare_result(*, ownership: Ownership, file: BinaryIO, name: str, uuid: UUID) -> Asset:
    """Store a job's result and its thumbnails, and return its row, not yet saved.

    The caller saves it together with its own row, inside `delete_files_on_error(asset)`. Raise ImageRefused.
    """
    facts = inspect_image(
        file,
        max_bytes=settings.RESULT_MAX_BYTES,
        max_pixels=settings.RESULT_MAX_PIXELS,
        formats=settings.UPLOAD_FORMATS,
        decode=False,
    )
    asset = store_asset_file(ownership=ownership, kind=Asset.Kind.RESULT, file=file, name=name, facts=facts, uuid=uuid)
    with delete_files_on_error(asset):
        write_thumbnails(asset)
    asset.thumbnails_at = timezone.now()
    return asset


@transaction.atomic
def delete_asset(*, asset: Asset) -> None:
    """Delete the row, and its files once the transaction is committed. Jobs that used the picture stay, without it."""
    folder = asset.folder
    asset.delete()
    transaction.on_commit(partial(delete_leftover_files, folder))


def _store_picture(*, ownership: Ownership, kind: str, file: BinaryIO, name: str) -> Asset:
    facts = inspect_image(
        file,
        max_bytes=settings.UPLOAD_MAX_BYTES,
        max_pixels=settings.UPLOAD_MAX_PIXELS,
        formats=settings.UPLOAD_FORMATS,
        decode=False,
    )
    asset = store_asset_file(ownership=ownership, kind=kind, file=file, name=name, facts=facts)
    with delete_files_on_error(asset), transaction.atomic():
        asset.save()
        make_thumbnails.enqueue(asset.pk)
    return asset
