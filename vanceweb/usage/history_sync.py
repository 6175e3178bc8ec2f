"""The io worker's sync of a service's history of charges into UsageRecord."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from vanceweb.client import HistoryRow, VanceError
from vanceweb.lib.encryption import DecryptionFailed
from vanceweb.usage.history_diff import HistoryChanged, find_missing_rows, read_newest_rows
from vanceweb.usage.models import INFO_LENGTH, JOB_LENGTH, POINT_TYPE_LENGTH, HistorySync, UsageRecord
from vanceweb.vault.clients import build_client
from vanceweb.vault.connection_check import TOKEN_UNREADABLE
from vanceweb.vault.models import Connection


def sync_history(connection_id: int) -> int:
    """Store the charges that aren't stored yet, all or none, and return their number. Safe to repeat.

    Errors are recorded in the connection's HistorySync. Do nothing if the connection was removed.
    """
    connection = Connection.objects.without_token().filter(pk=connection_id).first()
    if connection is None:
        return 0
    try:
        rows = _read_rows(connection)
    except VanceError as error:
        return _record_error(connection, error.message)
    except DecryptionFailed:
        return _record_error(connection, str(TOKEN_UNREADABLE))
    except HistoryChanged:
        return _record_error(connection, _("The service's history changed while it was read. It will be read again."))
    return _store_new_rows(connection, rows)


def _read_rows(connection: Connection) -> list[HistoryRow]:
    newest = UsageRecord.objects.filter(connection=connection).aggregate(newest=Max("created_at"))["newest"]
    overlap = timedelta(seconds=settings.HISTORY_OVERLAP_SECONDS)
    until = None if newest is None else _to_service_time(newest, connection) - overlap
    with build_client(connection) as client:
        return read_newest_rows(
            lambda number: client.get_history(page=number, limit=settings.HISTORY_PAGE_ROWS),
            until=until,
            max_pages=settings.HISTORY_MAX_PAGES,
        )


@transaction.atomic
def _store_new_rows(connection: Connection, rows: list[HistoryRow]) -> int:
    # One sync at a time: PostgreSQL needs this lock; on SQLite the whole transaction is exclusive anyway.
    current = Connection.objects.without_token().select_for_update().filter(pk=connection.pk).first()
    if current is None:
        return 0
    rows = [_truncate(row) for row in rows]
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
            created_at=_to_utc(row.created_at, current),
            occurrence=occurrence,
        )
        for row, occurrence in find_missing_rows(rows, _count_stored_rows(current, rows))
    ]
    UsageRecord.objects.bulk_create(new, batch_size=500)
    now = timezone.now()
    HistorySync.objects.update_or_create(connection=current, defaults={"synced_at": now, "last_error": ""})
    return len(new)


def _count_stored_rows(connection: Connection, rows: Iterable[HistoryRow]) -> Counter[HistoryRow]:
    oldest = min((row.created_at for row in rows), default=None)
    if oldest is None:
        return Counter()
    records = UsageRecord.objects.filter(connection=connection, created_at__gte=_to_utc(oldest, connection))
    return Counter(
        HistoryRow(
            point_type=record.point_type,
            job=record.job,
            info=record.info,
            points=record.points,
            balance=record.balance,
            created_at=_to_service_time(record.created_at, connection),
        )
        for record in records.iterator()
    )


def _truncate(row: HistoryRow) -> HistoryRow:
    """Return the row as the columns store it, so that it equals its stored copy."""
    return HistoryRow(
        point_type=row.point_type[:POINT_TYPE_LENGTH],
        job=row.job[:JOB_LENGTH],
        info=row.info[:INFO_LENGTH],
        points=round(row.points, 3),
        balance=round(row.balance, 3),
        created_at=row.created_at,
    )


def _to_utc(service_time: datetime, connection: Connection) -> datetime:
    return (service_time + timedelta(minutes=connection.zone_shift_minutes)).replace(tzinfo=UTC)


def _to_service_time(moment: datetime, connection: Connection) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None) - timedelta(minutes=connection.zone_shift_minutes)


def _record_error(connection: Connection, message: str) -> int:
    HistorySync.objects.update_or_create(connection=connection, defaults={"last_error": message})
    return 0
