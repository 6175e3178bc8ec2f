"""Reading a service's history of charges into rows of our own: the io worker's side."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from vanceweb.client import HistoryRow, VanceError
from vanceweb.lib.encryption import DecryptionFailed
from vanceweb.usage.merging import HistoryMoved, missing_rows, read_newest
from vanceweb.usage.models import INFO_LENGTH, JOB_LENGTH, POINT_TYPE_LENGTH, HistorySync, UsageRecord
from vanceweb.vault.checking import TOKEN_UNREADABLE
from vanceweb.vault.clients import client_for
from vanceweb.vault.models import Connection

HISTORY_MOVED = "The service's history changed while it was read. It will be read again."


def sync_history(connection_id: int) -> int:
    """Stores the charges that aren't stored yet, all or none, and returns their number. Safe to repeat.

    What goes wrong is noted in the connection's HistorySync. Does nothing for a removed connection.
    """
    connection = Connection.objects.without_token().filter(pk=connection_id).first()
    if connection is None:
        return 0
    try:
        rows = _read(connection)
    except VanceError as error:
        return _note(connection, error.message)
    except DecryptionFailed:
        return _note(connection, TOKEN_UNREADABLE)
    except HistoryMoved:
        return _note(connection, HISTORY_MOVED)
    return _store(connection, rows)


def _read(connection: Connection) -> list[HistoryRow]:
    newest = UsageRecord.objects.filter(connection=connection).aggregate(newest=Max("created_at"))["newest"]
    overlap = timedelta(seconds=settings.HISTORY_OVERLAP_SECONDS)
    until = None if newest is None else _told_time(newest, connection) - overlap
    with client_for(connection) as client:
        return read_newest(
            lambda number: client.history(page=number, limit=settings.HISTORY_PAGE_ROWS),
            until=until,
            max_pages=settings.HISTORY_MAX_PAGES,
        )


@transaction.atomic
def _store(connection: Connection, rows: list[HistoryRow]) -> int:
    # One reader at a time: on PostgreSQL by this lock, on SQLite the whole transaction is alone anyway.
    current = Connection.objects.without_token().select_for_update().filter(pk=connection.pk).first()
    if current is None:
        return 0
    rows = [_cut(row) for row in rows]
    new = [
        UsageRecord(
            owner_id=current.owner_id,
            connection=current,
            connection_name=current.name,
            point_type=row.point_type,
            job=row.job,
            info=row.info,
            points=row.points,
            balance=row.balance,
            created_at=_utc(row.created_at, current),
            occurrence=occurrence,
        )
        for row, occurrence in missing_rows(rows, _stored(current, rows))
    ]
    UsageRecord.objects.bulk_create(new, batch_size=500)
    now = timezone.now()
    HistorySync.objects.update_or_create(connection=current, defaults={"synced_at": now, "last_error": ""})
    return len(new)


def _stored(connection: Connection, rows: Iterable[HistoryRow]) -> Counter[HistoryRow]:
    oldest = min((row.created_at for row in rows), default=None)
    if oldest is None:
        return Counter()
    records = UsageRecord.objects.filter(connection=connection, created_at__gte=_utc(oldest, connection))
    return Counter(
        HistoryRow(
            point_type=record.point_type,
            job=record.job,
            info=record.info,
            points=record.points,
            balance=record.balance,
            created_at=_told_time(record.created_at, connection),
        )
        for record in records.iterator()
    )


def _cut(row: HistoryRow) -> HistoryRow:
    """The row as our columns hold it, so that it equals itself once stored."""
    return HistoryRow(
        point_type=row.point_type[:POINT_TYPE_LENGTH],
        job=row.job[:JOB_LENGTH],
        info=row.info[:INFO_LENGTH],
        points=round(row.points, 3),
        balance=round(row.balance, 3),
        created_at=row.created_at,
    )


def _utc(told: datetime, connection: Connection) -> datetime:
    return (told + timedelta(minutes=connection.zone_shift_minutes)).replace(tzinfo=UTC)


def _told_time(moment: datetime, connection: Connection) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None) - timedelta(minutes=connection.zone_shift_minutes)


def _note(connection: Connection, message: str) -> int:
    HistorySync.objects.update_or_create(connection=connection, defaults={"last_error": message})
    return 0
