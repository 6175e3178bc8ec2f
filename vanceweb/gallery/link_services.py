"""Writes on share links."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from vanceweb.gallery.link_models import hash_secret
from vanceweb.gallery.models import Asset, SharedPicture, ShareLink
from vanceweb.teams.access import Actor, require_shareable
from vanceweb.teams.audit import Performer, record_event
from vanceweb.teams.models import AuditAction, Via
from vanceweb.throttling.rules import SHARE_PASSWORD
from vanceweb.throttling.services import check_throttle, reset_throttle

# Random bytes of a secret: more than anybody can guess, in an address that still fits a line.
SECRET_BYTES = 24


@transaction.atomic
def create_link(
    *,
    actor: Actor,
    pictures: Sequence[Asset],
    title: str = "",
    lasts: timedelta | None = None,
    password: str = "",
    shows_originals: bool = False,
) -> ShareLink:
    """Share pictures with anybody who gets the address, each with the picture that it was made from.

    `lasts` is None for a link without an end. The link is private to the actor if one of the pictures is. Raise
    PermissionDenied unless the actor may share all of them.
    """
    if not pictures:
        raise PermissionDenied
    require_shareable(actor, pictures)
    before = _find_pictures_before(actor, pictures)
    shown = [*pictures, *before.values()]
    secret = secrets.token_urlsafe(SECRET_BYTES)
    link = ShareLink.objects.create(
        **actor.own(private=any(picture.is_private for picture in shown)).to_fields(),
        secret=secret,
        digest=hash_secret(secret),
        title=" ".join(title.split()),
        password=make_password(password) if password else "",
        shows_originals=shows_originals,
        expires_at=None if lasts is None else timezone.now() + lasts,
    )
    SharedPicture.objects.bulk_create(
        SharedPicture(link=link, number=number, picture=picture, before=before.get(picture.pk))
        for number, picture in enumerate(pictures, start=1)
    )
    record_event(
        AuditAction.SHARE_LINK_CREATED,
        by=actor.performer,
        target=link,
        count=len(pictures),
        expires=link.expires_at.isoformat() if link.expires_at else "never",
    )
    return link


@transaction.atomic
def change_link(
    *,
    actor: Actor,
    link: ShareLink,
    title: str,
    shows_originals: bool,
    expires_at: datetime | None,
    password: str | None,
) -> None:
    """Change the settings of a link. `password` is None if it stays, and "" for none.

    A new password is asked of everybody who opened the link before. A revoked link stays revoked.
    """
    fields = {"title": " ".join(title.split()), "shows_originals": shows_originals, "expires_at": expires_at}
    if password is not None:
        fields["password"] = make_password(password) if password else ""
    ShareLink.objects.filter(pk=link.pk).update(**fields)
    link.refresh_from_db(fields=list(fields))
    record_event(
        AuditAction.SHARE_LINK_CHANGED,
        by=actor.performer,
        target=link,
        expires=link.expires_at.isoformat() if link.expires_at else "never",
    )


@transaction.atomic
def revoke_link(*, actor: Actor, link: ShareLink) -> None:
    """End a link at once. Safe to repeat."""
    if ShareLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now()):
        record_event(AuditAction.SHARE_LINK_REVOKED, by=actor.performer, target=link)


def unlock_link(*, link: ShareLink, password: str, address: str) -> bool:
    """Return whether the password opens the link. A wrong one is counted and recorded. Raise Throttled after many."""
    check_throttle(SHARE_PASSWORD, address=address, account=str(link.uuid))
    if link.is_password(password):
        reset_throttle(SHARE_PASSWORD, address=address, account=str(link.uuid))
        return True
    visitor = Performer(address=address, via=Via.SHARE_LINK)
    record_event(AuditAction.SHARE_LINK_PASSWORD_FAILED, by=visitor, target=link, team=link.team)
    return False


def count_view(*, link: ShareLink) -> None:
    """Count one more look at the page."""
    ShareLink.objects.filter(pk=link.pk).update(views=F("views") + 1, viewed_at=timezone.now())


def count_download(*, link: ShareLink) -> None:
    """Count one more downloaded original."""
    ShareLink.objects.filter(pk=link.pk).update(downloads=F("downloads") + 1)


def _find_pictures_before(actor: Actor, pictures: Sequence[Asset]) -> dict[int, Asset]:
    """Return the pictures that these were made from, as far as the actor sees them, by the id of the row."""
    parents = {asset.uuid: asset for asset in Asset.objects.filter(uuid__in={row.parent_uuid for row in pictures})}
    found = {row.pk: parents.get(row.parent_uuid) for row in pictures if row.parent_uuid is not None}
    return {pk: asset for pk, asset in found.items() if asset is not None and actor.can_see(asset)}
