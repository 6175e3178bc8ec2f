"""Telling which rows of a history are new, though rows carry no id and two may be equal in every field.

The service lists rows newest first and only ever adds new ones at the front. Two facts do the work:

- Counted from the oldest row, a row's place never changes, and every page says how many rows there are in all. So rows
  that slid from one page to the next, because others were added between the two calls, are known by their place.
- Rows that are equal have the same time, so they stand together. Of each kind of row it is enough to store as many as
  the service lists. Reading on until the rows are older than the newest ones stored makes those counts complete.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from vanceweb.client import HistoryPage, HistoryRow

FetchPage = Callable[[int], HistoryPage]


class HistoryChanged(Exception):
    """The history became shorter while it was read: places can't be told any more. Reading again may help."""


def read_newest_rows(fetch: FetchPage, *, until: datetime | None, max_pages: int) -> list[HistoryRow]:
    """The newest rows, each once: all that are not older than `until` (None: all there are), and some older ones.

    `fetch` gives a page by its number, from 1. `until` is naive, as the service's times are. Raises HistoryChanged.
    """
    rows: dict[int, HistoryRow] = {}
    total = 0
    for number in range(1, max_pages + 1):
        page = fetch(number)
        if page.total < total:
            raise HistoryChanged
        total = page.total
        first_place = page.total - (number - 1) * page.per_page
        for offset, row in enumerate(page.rows):
            rows.setdefault(first_place - offset, row)
        if not page.rows or number >= page.last_page or (until is not None and page.rows[-1].created_at < until):
            break
    return [rows[place] for place in sorted(rows, reverse=True)]


def find_missing_rows(listed: Iterable[HistoryRow], stored: Mapping[HistoryRow, int]) -> list[tuple[HistoryRow, int]]:
    """The listed rows that are not stored, oldest first, each with its number among those equal to it, from 1.

    `stored` says how many of each kind there are already.
    """
    counts = Counter(listed)
    missing = [
        (row, occurrence) for row, count in counts.items() for occurrence in range(stored.get(row, 0) + 1, count + 1)
    ]
    return missing[::-1]
