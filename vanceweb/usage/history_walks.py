"""One worker's turn at reading a history: its newest rows, then some pages of the walk that is under way.

A walk reads all rows from some place to the newest, oldest first, and compares them with the stored ones. The first
reading is a walk through an empty store. Each page is stored with the place that the walk has reached, so a walk can
stop anywhere and go on.

A service that drops rows shifts the places of the others. Where a listed row differs from the stored one of its place,
the oldest page tells whether the oldest rows went. If so, the walk goes on from the last place that is certain. If not,
rows between went or came, and the whole history is compared anew.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Max, Min
from django.utils import timezone

from vanceweb.usage.history_store import (
    Window,
    find_hidden_rows,
    has_changed,
    save_progress,
    store_window,
    withdraw_unlisted,
)
from vanceweb.usage.listed_history import ListedHistory, PlacedRow
from vanceweb.usage.models import HistorySync, UsageRecord, WalkScope

# Newest rows are held in memory until all are read: a few pages. More are read by a walk.
NEWEST_PAGES = 10
# Services correct charges of the last month, and older ones hardly ever.
RECENT = timedelta(days=35)
RECENT_COMPARED_EVERY = timedelta(days=1)
WHOLE_COMPARED_EVERY = timedelta(days=30)


class HistoryTurn:
    """Reads and stores a part of a history. `stored` is the number of new records, also after an error."""

    def __init__(self, state: HistorySync, listed: ListedHistory, *, is_stopped: Callable[[], bool]) -> None:
        self.state = state
        self.listed = listed
        self.stored = 0
        self._is_stopped = is_stopped
        self._records = UsageRecord.objects.filter(connection=state.connection_id)

    def run(self) -> None:
        """Read the newest rows, and at most HISTORY_TURN_PAGES of a walk.

        Raise HistoryChanged, ReadingOvertaken, and what reading a page raises. The state says whether a walk goes on.
        """
        self.listed.read_newest()
        if self.listed.total < self.state.total_rows:
            self._settle_places()
        save_progress(self.state, total_rows=self.listed.total)
        self._store_newest()
        if not self.state.walk_scope:
            self._begin_due_walk()
        if self.state.walk_scope:
            self._extend_walk()
        save_progress(self.state, total_rows=self.listed.total)

    def _store_newest(self) -> None:
        """Store the newest rows, unless so many are new that they need a walk."""
        window = self._read_window()
        if window and has_changed(self.state, window[:1]):
            self._settle_places()
            window = self._read_window()
        if not window:
            return
        is_joined = window[0].place <= self.state.complete_rows
        floor = window[0].place - 1 if is_joined else self.state.pruned_rows
        complete = window[-1].place if is_joined else self.state.complete_rows
        self.stored += store_window(self.state, Window(window, floor, is_top=True), complete_rows=complete)

    def _read_window(self) -> list[PlacedRow]:
        """Return the newest rows down to the complete ones and some older; nothing if that are too many.

        While everything is compared anew, new rows are stored nevertheless: down to the newest time that is stored.
        """
        state, listed = self.state, self.listed
        # The walk that is under way stores what is missing itself.
        is_walking = bool(state.walk_scope) and state.walk_place == state.complete_rows
        is_joining = not is_walking and listed.top - state.complete_rows <= NEWEST_PAGES * listed.page_rows
        is_repeated = state.walk_scope == WalkScope.WHOLE and state.whole_compared_at is not None
        newest = self._records.filter(withdrawn_at=None).aggregate(newest=Max("service_time"))["newest"]
        if newest is None or not (is_repeated or (is_joining and state.complete_rows > state.pruned_rows)):
            return []
        until = newest.replace(tzinfo=None) - timedelta(seconds=settings.HISTORY_OVERLAP_SECONDS)
        rows = listed.newest
        for _ in range(NEWEST_PAGES):
            if not rows or rows[0].place == listed.hidden + 1 or _has_reached(rows[0], state, until, is_joining):
                break
            lowest = rows[0].place
            rows = [placed for placed in listed.read_around(lowest - 1) if placed.place < lowest] + rows
        is_enough = rows and (
            rows[0].place <= state.complete_rows + 1 if is_joining else rows[0].row.created_at < until
        )
        return rows if is_enough else []

    def _begin_due_walk(self) -> None:
        state, now = self.state, timezone.now()
        if state.whole_compared_at is None or now - state.whole_compared_at >= WHOLE_COMPARED_EVERY:
            self._begin_walk(WalkScope.WHOLE, state.pruned_rows)
        elif self.listed.top > state.complete_rows:
            self._begin_walk(WalkScope.NEW, state.complete_rows)
        elif state.recent_compared_at is None or now - state.recent_compared_at >= RECENT_COMPARED_EVERY:
            recent = self._records.filter(service_time__gte=(now - RECENT).replace(tzinfo=UTC))
            first = recent.aggregate(first=Min("place"))["first"]
            start = state.complete_rows if first is None else first - 1
            self._begin_walk(WalkScope.RECENT, max(start, state.pruned_rows))

    def _begin_walk(self, scope: WalkScope, start: int) -> None:
        save_progress(self.state, walk_scope=scope, walk_start=start, walk_place=start, walk_checked=start)

    def _extend_walk(self) -> None:
        state, listed = self.state, self.listed
        began = state.walk_place
        if not self._check_places(began):
            return
        for _ in range(settings.HISTORY_TURN_PAGES):
            if state.walk_place >= listed.top:
                break
            if self._is_stopped():
                return
            reached = state.walk_place
            rows = [placed for placed in listed.read_around(reached + 1) if placed.place > reached]
            last = rows[-1].place
            window = Window(rows, floor=reached, is_top=last == listed.top)
            complete = max(state.complete_rows, last)
            self.stored += store_window(state, window, walk_place=last, complete_rows=complete)
        if self._check_places(began) and state.walk_place >= listed.top:
            self._finish_walk()

    def _check_places(self, place: int) -> bool:
        """Return whether the rows around this place, as far as the walk has come, are still where they were stored.

        If not, say where the walk goes on.
        """
        state, listed = self.state, self.listed
        if listed.total and state.walk_place > listed.hidden:
            around = listed.read_around(min(max(place, listed.hidden + 1), listed.top))
            if has_changed(state, [placed for placed in around if placed.place <= state.walk_place]):
                self._settle_places()
                return False
        save_progress(state, walk_checked=state.walk_place)
        return True

    def _settle_places(self) -> None:
        """Find out which rows went, and go back to the last place that is certain."""
        state, listed = self.state, self.listed
        hidden = find_hidden_rows(state, listed.read_oldest() if listed.total else [])
        if hidden is None or hidden == state.pruned_rows or hidden + listed.total < state.complete_rows:
            start = state.pruned_rows
            save_progress(state, complete_rows=start)
            self._begin_walk(WalkScope.WHOLE, start)
            return
        listed.hidden = hidden
        save_progress(state, pruned_rows=hidden)
        if state.walk_scope:
            certain = max(hidden, state.walk_checked)
            start = max(hidden, state.walk_start)
            complete = min(state.complete_rows, certain)
            save_progress(state, walk_start=start, walk_place=certain, walk_checked=certain, complete_rows=complete)

    def _finish_walk(self) -> None:
        state, now = self.state, timezone.now()
        compared = {
            WalkScope.WHOLE: {"whole_compared_at": now, "recent_compared_at": now},
            WalkScope.RECENT: {"recent_compared_at": now},
        }
        times = compared.get(WalkScope(state.walk_scope), {})
        withdraw_unlisted(state, since=max(state.walk_start, state.pruned_rows), walk_scope="", **times)


def _has_reached(placed: PlacedRow, state: HistorySync, until: datetime, is_joining: bool) -> bool:
    """Return whether a row is old enough to be the last of the newest rows that are read."""
    return placed.row.created_at < until and (placed.place <= state.complete_rows or not is_joining)
