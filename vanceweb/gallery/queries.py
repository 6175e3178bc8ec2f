"""Reads of pictures for pages."""

from vanceweb.gallery.models import Asset
from vanceweb.lib.pagination import get_page_after
from vanceweb.teams.access import Person, filter_owned


def get_results_page(user: Person, after: str | None, limit: int) -> tuple[list[Asset], str | None]:
    """A page of the user's results, newest first, and the cursor of the next one. Raises Http404 for a bad cursor.

    Two queries whatever the number: the pictures, and the jobs that made them (`asset.job_of`, absent for none).
    """
    results = filter_owned(Asset.objects.results(), user).prefetch_related("job_of")
    return get_page_after(results, after=after, limit=limit)
