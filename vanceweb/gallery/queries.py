"""Queries for pages of pictures."""

from vanceweb.gallery.models import Asset
from vanceweb.lib.pagination import get_page_after
from vanceweb.teams.access import Actor, filter_visible


def get_results_page(actor: Actor, after: str | None, limit: int) -> tuple[list[Asset], str | None]:
    """Return a page of the visible results, newest first, and the next page's cursor. Raise Http404 for a bad cursor.

    Always two queries: the pictures, and the jobs that made them (`asset.job_of`, missing if there is none).
    """
    results = filter_visible(Asset.objects.results(), actor).prefetch_related("job_of")
    return get_page_after(results, after=after, limit=limit)
