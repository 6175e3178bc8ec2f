"""The single charges that somebody sees on the pages of usage, of the team's connections and of their own."""

from tests.conftest import as_actor
from vanceweb.teams.models import User
from vanceweb.usage.figures.filters import Filters, UsageScope
from vanceweb.usage.models import UsageRecord
from vanceweb.usage.record_search import find_records


def list_visible_charges(user: User) -> list[UsageRecord]:
    """Return the charges, newest first."""
    rows = [row for scope in UsageScope for row in find_records(as_actor(user), Filters(scope))]
    return sorted(rows, key=lambda row: (row.created_at, row.pk), reverse=True)
