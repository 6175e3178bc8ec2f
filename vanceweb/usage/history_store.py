"""Writes the rows of a history into UsageRecord, a window of places at a time, and says up to where it is complete."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from vanceweb.client import HistoryRow
from vanceweb.usage.doubled_hours import find_fold
from vanceweb.usage.history_records import build_record, find_jobs, find_passes, shorten_row, to_history_row
from vanceweb.usage.listed_history import PlacedRow
from vanceweb.usage.locks import lock_connection
from vanceweb.usage.models import HistorySync, UsageRecord
from vanceweb.usage.service_times import build_times
from vanceweb.usage.sums import recompute_days
from vanceweb.vault.models import Connection

# Values in one condition: their number is limited.
VALUES_AT_ONCE = 500
KIND = ("service_time", "point_type", "job", "info", "points", "balance")
UPDATED = ("place", "withdrawn_at", "created_at", "day", "hour")


class ReadingOvertaken(Exception):
    """Another worker has read the same history meanwhile, or the connection was removed: stop reading."""


@dataclass(frozen=True)
class Window:
    """Rows without a gap between their places, oldest first, and the stored records to compare them with.

    A stored record is taken for an equal row if its place is above `floor` or unknown. `is_top` says that the newest
    row is among the rows, so that no record has a place above.
    """

    rows: Sequence[PlacedRow]
    floor: int
    is_top: bool


@transaction.atomic
def store_window(state: HistorySync, window: Window, **progress: Any) -> int:
    """Store what isn't stored of the rows, and the `progress` of the reading, and return the number of new records.

    Equal rows are told apart by their number. Records in the window's places that the service doesn't list there lose
    their place. `state` is the reading's state as the caller knows it; it gets the progress. Raise ReadingOvertaken.
    """
    connection = _lock_history(state)
    rows = [shorten_row(placed) for placed in window.rows]
    times = [placed.row.created_at for placed in rows]
    stored = UsageRecord.objects.filter(connection=connection)
    passes = find_passes(connection, stored.filter(place__lt=rows[0].place), times, rows) if rows else {}
    found = _match_records(stored, window.floor, rows)
    days = _update_records(connection, found, passes)
    _displace_records(stored, window, {record.pk for record in found.values()})
    new = _insert_records(connection, stored, [placed for placed in rows if placed.place not in found], passes)
    recompute_days(team_id=connection.team_id, days=days | {record.day for record in new})
    save_progress(state, **progress)
    return len(new)


@transaction.atomic
def withdraw_unlisted(state: HistorySync, *, since: int, **progress: Any) -> int:
    """Mark the records that the service lists no more, though it lists older ones, and return their number.

    They have lost their place in a walk through all places above `since`. Raise ReadingOvertaken.
    """
    connection = _lock_history(state)
    stored = UsageRecord.objects.filter(connection=connection)
    oldest = stored.filter(place__gt=since).order_by("place").values_list("created_at", flat=True).first()
    withdrawn = 0
    if oldest is not None:
        unlisted = stored.filter(place=None, withdrawn_at=None, created_at__gt=oldest)
        days = set(unlisted.values_list("day", flat=True).order_by().distinct())
        withdrawn = unlisted.update(withdrawn_at=timezone.now())
        recompute_days(team_id=connection.team_id, days=days)
    save_progress(state, **progress)
    return withdrawn


def save_progress(state: HistorySync, **progress: Any) -> None:
    """Store fields of the reading's state, and set them on `state`."""
    HistorySync.objects.filter(pk=state.pk).update(**progress)
    for name, value in progress.items():
        setattr(state, name, value)


def has_changed(state: HistorySync, rows: Iterable[PlacedRow]) -> bool:
    """Return whether a stored record differs from the row that is listed at its place, among the complete ones."""
    listed = {placed.place: shorten_row(placed).row for placed in rows if placed.place <= state.complete_rows}
    records = UsageRecord.objects.filter(connection=state.connection_id, place__in=list(listed))
    return any(record.place is not None and to_history_row(record) != listed[record.place] for record in records)


def find_hidden_rows(state: HistorySync, oldest: Sequence[PlacedRow]) -> int | None:
    """Return the number of complete records that are older than the oldest row listed; None if it can't be told.

    `oldest` are the rows of the last page. The places of stored rows never change, so it is where they are stored.
    """
    rows = [shorten_row(placed).row for placed in oldest]
    if not rows:
        return None
    stored = UsageRecord.objects.filter(connection=state.connection_id, place__gt=state.pruned_rows)
    same = stored.filter(**_get_kind(rows[0])).order_by("place").values_list("place", flat=True)
    for place in same[:VALUES_AT_ONCE]:
        length = min(len(rows), state.complete_rows - (place or 0) + 1)
        candidates = stored.filter(place__gte=place, place__lt=(place or 0) + length).order_by("place")
        if length > 0 and [to_history_row(record) for record in candidates] == rows[:length]:
            return (place or 0) - 1
    return None


def _lock_history(state: HistorySync) -> Connection:
    """Lock the history for this transaction, in the order of everybody: the team, the connection, the history.

    Raise ReadingOvertaken if its state isn't the one that the caller knows.
    """
    connection = lock_connection(state.connection_id)
    current = HistorySync.objects.select_for_update().filter(pk=state.pk).first()
    if connection is None or current is None or _get_progress(current) != _get_progress(state):
        raise ReadingOvertaken
    return connection


def _get_progress(state: HistorySync) -> tuple[Any, ...]:
    return state.complete_rows, state.pruned_rows, state.walk_scope, state.walk_start, state.walk_place


def _get_kind(row: HistoryRow) -> dict[str, Any]:
    values = (row.created_at.replace(tzinfo=UTC), row.point_type, row.job, row.info, row.points, row.balance)
    return dict(zip(KIND, values, strict=True))


def _match_records(stored: QuerySet[UsageRecord], floor: int, rows: Sequence[PlacedRow]) -> dict[int, UsageRecord]:
    """Return the record of each row that is stored, by the row's place."""
    free: dict[HistoryRow, list[UsageRecord]] = defaultdict(list)
    eligible = stored.filter(Q(place=None) | Q(place__gt=floor))
    for times in _split({placed.row.created_at.replace(tzinfo=UTC) for placed in rows}):
        for record in eligible.filter(service_time__in=times).order_by("occurrence"):
            free[to_history_row(record)].append(record)
    found: dict[int, UsageRecord] = {}
    by_place = {record.place: record for records in free.values() for record in records}
    for placed in rows:
        there = by_place.get(placed.place)
        if there is not None and to_history_row(there) == placed.row:
            found[placed.place] = there
            free[placed.row].remove(there)
    for placed in rows:
        if placed.place not in found and free.get(placed.row):
            found[placed.place] = free[placed.row].pop(0)
    return found


def _displace_records(stored: QuerySet[UsageRecord], window: Window, found: Collection[int]) -> None:
    """Take the places of the window from records that aren't listed there. Those that are have theirs already."""
    if not window.rows:
        return
    first, last = window.rows[0].place, window.rows[-1].place
    within = stored.filter(place__gte=first, place__lte=last).values_list("pk", flat=True)
    for keys in _split(set(within) - set(found)):
        stored.filter(pk__in=keys).update(place=None)
    if window.is_top:
        stored.filter(place__gt=last).update(place=None)


def _update_records(connection: Connection, found: Mapping[int, UsageRecord], passes: dict[date, int]) -> set[date]:
    """Give records their place and time, and the withdrawn ones back. Return the days whose sums change."""
    days: set[date] = set()
    changed = []
    for place, record in found.items():
        moment = record.service_time.replace(tzinfo=None)
        times = _build_times(connection, moment, find_fold(place, moment, passes))
        is_moved = times["created_at"] != record.created_at
        if record.place == place and not is_moved and record.withdrawn_at is None:
            continue
        if is_moved or record.withdrawn_at is not None:
            days |= {record.day, times["day"]}
        record.place, record.withdrawn_at = place, None
        record.created_at, record.day, record.hour = times["created_at"], times["day"], times["hour"]
        changed.append(record)
    UsageRecord.objects.bulk_update(changed, UPDATED, batch_size=VALUES_AT_ONCE)
    return days


def _build_times(connection: Connection, moment: datetime, fold: int) -> dict[str, Any]:
    return build_times(moment, service_zone=connection.time_zone, team_zone=connection.team.time_zone, fold=fold)


def _insert_records(
    connection: Connection, stored: QuerySet[UsageRecord], rows: Sequence[PlacedRow], passes: dict[date, int]
) -> list[UsageRecord]:
    jobs = find_jobs(connection, [placed.row for placed in rows])
    numbers = _find_occurrences(stored, rows)
    records = []
    for placed in rows:
        moment = placed.row.created_at
        fold = find_fold(placed.place, moment, passes)
        record = build_record(connection, placed, occurrence=numbers[placed.row] + 1, fold=fold, jobs=jobs)
        if record is not None:
            numbers[placed.row] += 1
            records.append(record)
    UsageRecord.objects.bulk_create(records, batch_size=VALUES_AT_ONCE)
    return records


def _find_occurrences(stored: QuerySet[UsageRecord], rows: Iterable[PlacedRow]) -> dict[HistoryRow, int]:
    """Return the highest number among equal records, by what the history says of them; 0 without any."""
    numbers: dict[HistoryRow, int] = defaultdict(int)
    for times in _split({placed.row.created_at.replace(tzinfo=UTC) for placed in rows}):
        kinds = stored.filter(service_time__in=times).values_list(*KIND).annotate(highest=Max("occurrence"))
        for service_time, point_type, job, info, points, balance, highest in kinds.order_by():
            row = HistoryRow(point_type, job, info, points, balance, service_time.replace(tzinfo=None))
            numbers[row] = highest
    return numbers


def _split(values: Collection[Any]) -> Iterator[list[Any]]:
    ordered = list(values)
    for start in range(0, len(ordered), VALUES_AT_ONCE):
        yield ordered[start : start + VALUES_AT_ONCE]
