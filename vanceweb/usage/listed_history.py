"""The history of charges as a service lists it, page by page, with the place of each row.

The service lists rows newest first, has no ids for them, and only ever adds new ones at the front. So a row's place is
counted from the oldest row, which is 1: a row that moved to the next page, because others were added between two calls,
keeps its place. A service may drop its oldest rows, which shifts all places (`history_walks.py` notices that).
"""

from collections.abc import Callable
from dataclasses import dataclass

from vanceweb.client import HistoryPage, HistoryRow

FetchPage = Callable[[int], HistoryPage]
# Each miss means that rows for a whole page were added between two calls.
MOST_MISSES = 5


class HistoryChanged(Exception):
    """The places of rows are no longer known, because rows went while the history was read. Reading again may help."""


@dataclass(frozen=True)
class PlacedRow:
    """One charge, with its place in the history as it is stored."""

    place: int
    row: HistoryRow


class ListedHistory:
    """Reads pages, and counts them. `hidden` is the number of older rows that are stored, but no longer listed.

    Places are those of the stored history: the oldest row that is listed has the place `hidden` + 1.
    """

    def __init__(self, fetch: FetchPage, *, hidden: int = 0) -> None:
        self._fetch = fetch
        self.hidden = hidden
        self.pages_read = 0
        self._total = 0
        self._page_rows = 1
        self._is_size_told = True
        self._pages = 1
        self._newest: list[HistoryRow] = []
        self._newest_place = 0

    @property
    def top(self) -> int:
        """The place of the newest row, as of the last page."""
        return self.hidden + self._total

    @property
    def total(self) -> int:
        """The number of rows that the service said it has."""
        return self._total

    @property
    def page_rows(self) -> int:
        """The number of rows on a page, which may be less than was asked for."""
        return self._page_rows

    @property
    def newest(self) -> list[PlacedRow]:
        """The rows of the first page, oldest first, as it was last read."""
        return self._add_places(self._newest, self._newest_place)

    def read_newest(self) -> None:
        """Read the first page. Raise HistoryChanged."""
        self._read_page(1)

    def read_oldest(self) -> list[PlacedRow]:
        """Return the rows of the last page, oldest first: from the place `hidden` + 1 on. Raise HistoryChanged."""
        return self.read_around(self.hidden + 1)

    def read_around(self, place: int) -> list[PlacedRow]:
        """Return the rows of the page that has this place, oldest first. Read the newest page before.

        A short history isn't asked for again. Raise HistoryChanged, also for a place that the service doesn't list.
        """
        if self._pages == 1 and self._newest:
            return self.newest
        for _ in range(MOST_MISSES):
            number = (self.top - place) // self._page_rows + 1
            rows = self._read_page(max(1, number))
            if rows and rows[0].place <= place <= rows[-1].place:
                return rows
        raise HistoryChanged

    def _read_page(self, number: int) -> list[PlacedRow]:
        page = self._fetch(number)
        self.pages_read += 1
        if page.total < self._total:
            raise HistoryChanged
        expected = max(0, min(page.per_page, page.total - (number - 1) * page.per_page))
        if number == 1:
            # Some services name the number that they were asked for, and send fewer.
            self._page_rows = page.per_page if len(page.rows) == expected else max(1, len(page.rows))
            self._is_size_told = self._page_rows == page.per_page
        elif self._is_size_told:
            self._page_rows = page.per_page
        self._total = page.total
        self._pages = max(1, -(-page.total // self._page_rows))
        first = page.total - (number - 1) * self._page_rows
        if len(page.rows) != max(0, min(self._page_rows, first)):
            raise HistoryChanged
        rows = list(page.rows)
        if number == 1:
            self._newest, self._newest_place = rows, first
        return self._add_places(rows, first)

    def _add_places(self, newest_first: list[HistoryRow], first: int) -> list[PlacedRow]:
        places = range(self.hidden + first, self.hidden + first - len(newest_first), -1)
        return [PlacedRow(place, row) for place, row in zip(places, newest_first, strict=True)][::-1]
