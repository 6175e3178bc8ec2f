"""The pictures of the gallery that guide the drawing of a job's steps."""

from collections.abc import Collection
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from vanceweb.gallery.models import Asset
from vanceweb.teams.access import filter_usable
from vanceweb.teams.models import Ownership

GUIDE_GONE = _("A picture that guides the drawing was deleted or is private to somebody else.")


class GuideUnavailable(Exception):
    """A guide can't be used. The message is a sentence with the reason."""


def find_guides(references: Collection[str], ownership: Ownership) -> dict[str, Asset]:
    """Return the pictures that steps refer to as guides, by reference.

    Raise GuideUnavailable if one was deleted, is damaged, or is hidden from rows of this ownership.
    """
    if not references:
        return {}
    pictures = filter_usable(Asset.objects.filter(uuid__in=[UUID(reference) for reference in references]), ownership)
    found = {picture.uuid.hex: picture for picture in pictures}
    if len(found) < len(references):
        raise GuideUnavailable(str(GUIDE_GONE))
    for picture in found.values():
        if picture.problem:
            raise GuideUnavailable(picture.problem)
    return found
