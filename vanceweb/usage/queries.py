"""Reads of usage for pages."""

from vanceweb.lib.pagination import get_page_after
from vanceweb.teams.access import Person, filter_owned
from vanceweb.usage.models import UsageRecord
from vanceweb.vault.models import Connection


def get_balances(user: Person) -> list[Connection]:
    """The user's connections with what is known of their balance and of their history (`history_sync`): one query."""
    return list(filter_owned(Connection.objects.without_token().select_related("history_sync"), user))


def get_history_page(user: Person, after: str | None, limit: int) -> tuple[list[UsageRecord], str | None]:
    """A page of the user's charges, newest first, and the cursor of the next one: one query.

    Raises Http404 for a bad cursor.
    """
    return get_page_after(filter_owned(UsageRecord.objects.all(), user), after=after, limit=limit)
