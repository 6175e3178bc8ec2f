"""Making a picture private to the person who made it, and sharing it with the team again.

A result goes with the job that made it: pages use `vanceweb.jobs.picture_privacy`, which calls these functions.
"""

from django.db import transaction
from django.utils.translation import gettext as _

from vanceweb.gallery.models import Asset
from vanceweb.teams.access import Actor
from vanceweb.teams.audit import record_event
from vanceweb.teams.models import AuditAction


class PictureRefused(Exception):
    """The picture can't be made private or shared. The message is a sentence with the reason."""


@transaction.atomic
def make_picture_private(*, actor: Actor, picture: Asset) -> None:
    """Make the actor's own picture private. Jobs that used it stay as they are, without it. Raise PictureRefused."""
    locked = lock_own_picture(actor, picture)
    if locked.is_private:
        return
    Asset.objects.filter(pk=locked.pk).update(private_to=actor.user)
    record_event(AuditAction.PICTURE_MADE_PRIVATE, by=actor.performer, target=locked, is_named=False)


@transaction.atomic
def share_picture(*, actor: Actor, picture: Asset) -> None:
    """Show the actor's own private picture to the team. Raise PictureRefused."""
    locked = lock_own_picture(actor, picture)
    if not locked.is_private:
        return
    Asset.objects.filter(pk=locked.pk).update(private_to=None)
    record_event(AuditAction.PICTURE_SHARED, by=actor.performer, target=locked)


def lock_own_picture(actor: Actor, picture: Asset) -> Asset:
    """Return the actor's picture as it is stored now, locked. Raise PictureRefused for any that isn't their own."""
    locked = Asset.objects.select_for_update(of=("self",)).filter(pk=picture.pk, team=actor.team).first()
    if locked is None or locked.created_by_id != actor.user.pk:
        raise PictureRefused(_("Only the person who made a picture can make it private or share it."))
    if locked.kind == Asset.Kind.SAMPLE:
        raise PictureRefused(_("A sample belongs to everybody."))
    return locked
