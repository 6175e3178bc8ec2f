"""Queries for the usage page."""

from vanceweb.lib.pagination import get_page_after
from vanceweb.teams.access import Person, filter_owned
from vanceweb.usage.models import UsageRecord
from vanceweb.vault.models import Connection


def get_balances(user: Person) -> list[Connection]:
    """Return the user's connections with their balances and `history_sync`, in one query."""
    return list(filter_owned(Connection.objects.without_token().select_related("history_sync"), user))


def get_history_page(user: Person, after: str | None, limit: int) -> tuple[list[UsageRecord], str | None]:
    """Return a page of the user's charges, newest first, and the next page's cursor, in one query.

    Raise Http404 for a bad cursor.
    """
    return get_page_after(filter_owned(UsageRecord.objects.all(), user), after=after, limit=limit)
