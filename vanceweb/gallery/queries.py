"""Queries for pages of pictures."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from vanceweb.gallery.models import Asset
from vanceweb.lib.pagination import get_page_after
from vanceweb.teams.access import Actor, filter_visible
from vanceweb.teams.models import User


@dataclass(frozen=True)
class PictureUse:
    """The numbers of jobs on a picture, as far as somebody sees them: of those that used it, and that wait for it."""

    used: int = 0
    waiting: int = 0


def find_use(picture: Asset, actor: Actor) -> PictureUse:
    """Return the number of jobs on the picture that the actor sees, in one query."""
    # A job that has no uid hasn't sent its picture; one that has ended needs none.
    needs = Q(finished_at=None, uid="")
    counts = filter_visible(picture.jobs_from.all(), actor).aggregate(
        used=Count("pk", filter=~needs), waiting=Count("pk", filter=needs)
    )
    return PictureUse(**counts)


@dataclass(frozen=True)
class PictureFilter:
    """The results that a list shows: those of a person, of a feature (its slug), and with a text in their name.

    Each is empty for all.
    """

    person: User | None = None
    feature: str = ""
    text: str = ""


def find_pictures(actor: Actor, wanted: PictureFilter) -> QuerySet[Asset]:
    """Return the wanted results among those that the actor may see, each with the person who made it."""
    pictures = Asset.objects.results().filter_person(wanted.person).filter_feature(wanted.feature)
    return filter_visible(pictures.filter_name(wanted.text).select_related("created_by"), actor)


def get_pictures_page(
    actor: Actor, wanted: PictureFilter, *, after: str | None, limit: int
) -> tuple[list[Asset], str | None]:
    """Return a page of the wanted pictures, newest first, and the next page's cursor. Raise Http404 for a bad cursor.

    Always two queries: the pictures, and the jobs that made them (`asset.job_of`, missing if there is none).
    """
    return get_page_after(find_pictures(actor, wanted).prefetch_related("job_of"), after=after, limit=limit)


def get_results_page(actor: Actor, after: str | None, limit: int) -> tuple[list[Asset], str | None]:
    """Return a page of all results that the actor may see, as `get_pictures_page` does."""
    return get_pictures_page(actor, PictureFilter(), after=after, limit=limit)
