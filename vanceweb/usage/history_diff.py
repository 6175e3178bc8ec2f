"""Detection of new rows in a history whose rows have no id, and of which two can be equal in every field.

The service lists rows newest first and only ever adds new ones at the front. The method relies on two facts:

- Counted from the oldest row, a row's position never changes, and every page gives the total number of rows. So a row
  that moved to the next page, because others were added between two calls, is recognised by its position.
- Equal rows have the same time, so they are adjacent. It is enough to store as many rows of each kind as the service
  lists. The counts are complete once reading has reached rows older than the newest stored ones.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from vanceweb.client import HistoryPage, HistoryRow

FetchPage = Callable[[int], HistoryPage]


class HistoryChanged(Exception):
    """The history became shorter while it was read, so positions are no longer known. Reading again may help."""


def read_newest_rows(fetch: FetchPage, *, until: datetime | None, max_pages: int, max_rows: int) -> list[HistoryRow]:
    """Return the newest rows, each once: all rows not older than `until` (None: all rows), and some older ones.

    `fetch` returns a page by its number, from 1. `until` is naive, like the service's times. Raise HistoryChanged.
    """
    rows: dict[int, HistoryRow] = {}
    total = 0
    for number in range(1, max_pages + 1):
        page = fetch(number)
        if page.total < total:
            raise HistoryChanged
        total = page.total
        first_position = page.total - (number - 1) * page.per_page
        for offset, row in enumerate(page.rows):
            rows.setdefault(first_position - offset, row)
        if len(rows) >= max_rows:
            break
        if not page.rows or number >= page.last_page or (until is not None and page.rows[-1].created_at < until):
            break
    return [rows[position] for position in sorted(rows, reverse=True)]


def find_missing_rows(listed: Iterable[HistoryRow], stored: Mapping[HistoryRow, int]) -> list[tuple[HistoryRow, int]]:
    """Return the listed rows that aren't stored, oldest first, each with its number among equal rows, from 1.

    `stored` maps each kind of row to the number already stored.
    """
    counts = Counter(listed)
    missing = [
        (row, occurrence) for row, count in counts.items() for occurrence in range(stored.get(row, 0) + 1, count + 1)
    ]
    return missing[::-1]
