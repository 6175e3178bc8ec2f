"""Queries for pages of pictures."""

from dataclasses import dataclass

from django.db.models import Count, Q

from vanceweb.gallery.models import Asset
from vanceweb.lib.pagination import get_page_after
from vanceweb.teams.access import Actor, filter_visible


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


def get_results_page(actor: Actor, after: str | None, limit: int) -> tuple[list[Asset], str | None]:
    """Return a page of the visible results, newest first, and the next page's cursor. Raise Http404 for a bad cursor.

    Always two queries: the pictures, and the jobs that made them (`asset.job_of`, missing if there is none).
    """
    results = filter_visible(Asset.objects.results(), actor).prefetch_related("job_of")
    return get_page_after(results, after=after, limit=limit)
