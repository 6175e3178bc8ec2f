"""The io worker's sync of a service's history of charges into UsageRecord."""

import logging
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from vanceweb.client import HistoryRow, InvalidToken, VanceError
from vanceweb.jobs.models import Job
from vanceweb.lib.call_slots import get_call_slots
from vanceweb.lib.due_rows import schedule_next
from vanceweb.lib.encryption import DecryptionFailed
from vanceweb.lib.leases import Heartbeat, Lease, LeaseLost, filter_due
from vanceweb.lib.row_faults import release_after_fault
from vanceweb.usage.charged_features import find_feature
from vanceweb.usage.history_diff import HistoryChanged, find_missing_rows, read_newest_rows
from vanceweb.usage.models import INFO_LENGTH, JOB_LENGTH, POINT_TYPE_LENGTH, HistorySync, Match, UsageRecord
from vanceweb.usage.service_times import build_times, to_utc
from vanceweb.usage.sums import recompute_days
from vanceweb.vault.clients import build_client
from vanceweb.vault.connection_check import TOKEN_UNREADABLE
from vanceweb.vault.models import Connection
from vanceweb.vault.service_calls import take_due_row
from vanceweb.vault.services import request_balances

logger = logging.getLogger(__name__)

# A job of this site that ends has its history read at once; half an hour is soon enough for charges from elsewhere.
HISTORY_REFRESH_SECONDS = 1800
# Rows requested per page of history; services may return fewer.
PAGE_ROWS = 100
# The limits of the first read. A service may send more rows a page than it was asked for.
MAX_PAGES = 1000
MAX_ROWS = 100_000
# Jobs looked up at once: far below the number of parameters that a query may have.
JOBS_AT_ONCE = 500
# Zones reach from UTC-12 to UTC+14.
LARGEST_ZONE_ERROR = timedelta(hours=14)
JOB_IN_NAME = re.compile(r"[0-9a-f]{32}")


def filter_readable() -> QuerySet[HistorySync]:
    """Return the histories of connections whose token works."""
    # A subquery and no join: an update with a join would ask about the lease in a subquery, where PostgreSQL doesn't
    # ask again after it has waited for another worker's claim.
    works = Connection.objects.filter(check_state=Connection.CheckState.OK)
    return HistorySync.objects.filter(connection__in=works.values("pk"))


def sync_next_history() -> bool:
    """Read the history that has been due longest, if its service has a free slot, and schedule its next reading.

    Return whether another history is due now: its message may have come while its service had no slot.
    """
    taken = take_due_row(filter_readable(), base_url="connection__base_url")
    if taken is None:
        return False
    service, lease = taken
    with get_call_slots().returning(service):
        _sync_claimed(lease)
    return filter_due(filter_readable()).exists()


def _sync_claimed(lease: Lease[HistorySync]) -> None:
    with suppress(LeaseLost), release_after_fault("The reading of a history", lease, seconds=HISTORY_REFRESH_SECONDS):
        row = HistorySync.objects.filter(pk=lease.pk).first()
        if row is None:
            return
        try:
            with Heartbeat(lease, every=settings.LEASE_HEARTBEAT_SECONDS):
                sync_history(row.connection_id)
        except Exception:
            logger.exception("The history of connection %s could not be read", row.connection_id)
        due_next = schedule_next(row, timezone.now() + timedelta(seconds=HISTORY_REFRESH_SECONDS))
        lease.release(not_before=due_next)


def sync_history(connection_id: int) -> int:
    """Store the charges that aren't stored yet, all or none, and return their number. Safe to repeat.

    Errors are recorded in the connection's HistorySync; one of the token has the connection checked at once. Do nothing
    if the connection was removed.
    """
    connection = Connection.objects.without_token().filter(pk=connection_id).first()
    if connection is None:
        return 0
    try:
        rows = _read_rows(connection)
    except VanceError as error:
        if isinstance(error, InvalidToken):
            request_balances(connection_ids=[connection.pk])
        return _record_error(connection, error.message)
    except DecryptionFailed:
        request_balances(connection_ids=[connection.pk])
        return _record_error(connection, str(TOKEN_UNREADABLE))
    except HistoryChanged:
        return _record_error(connection, _("The service's history changed while it was read. It will be read again."))
    return store_new_rows(connection, rows)


def _read_rows(connection: Connection) -> list[HistoryRow]:
    newest = UsageRecord.objects.filter(connection=connection).aggregate(newest=Max("service_time"))["newest"]
    overlap = timedelta(seconds=settings.HISTORY_OVERLAP_SECONDS)
    until = None if newest is None else newest.replace(tzinfo=None) - overlap
    with build_client(connection) as client:
        return read_newest_rows(
            lambda number: client.get_history(page=number, limit=PAGE_ROWS),
            until=until,
            max_pages=MAX_PAGES,
            max_rows=MAX_ROWS,
        )


@transaction.atomic
def store_new_rows(connection: Connection, rows: list[HistoryRow]) -> int:
    """Store the rows of a history that aren't stored yet, in one transaction, and return their number.

    Leave out the private past of a person who has been deleted: it has nobody to be private to.
    """
    # One sync at a time: PostgreSQL needs this lock; on SQLite the whole transaction is exclusive anyway.
    current = (
        Connection.objects.without_token()
        .select_related("team")
        .select_for_update(of=("self",))
        .filter(pk=connection.pk)
        .first()
    )
    if current is None:
        return 0
    rows = [_truncate(row) for row in rows]
    missing = find_missing_rows(rows, _count_stored_rows(current, rows))
    jobs = _find_jobs(current, [row for row, _ in missing])
    has_person = current.created_by_id is not None
    kept = [(row, occurrence) for row, occurrence in missing if has_person or not _is_private_past(current, row, jobs)]
    new = [_build_record(current, row, occurrence, jobs) for row, occurrence in kept]
    UsageRecord.objects.bulk_create(new, batch_size=500)
    recompute_days(team_id=current.team_id, days={record.day for record in new})
    now = timezone.now()
    HistorySync.objects.update_or_create(connection=current, defaults={"synced_at": now, "last_error": ""})
    return len(new)


def find_job_uuid(info: str) -> UUID | None:
    """Return the id of the job that a result's file name begins with (see `Job.build_upload_name`), else None."""
    match = JOB_IN_NAME.search(info)
    return UUID(match[0]) if match else None


def _find_jobs(connection: Connection, rows: Iterable[HistoryRow]) -> dict[UUID, Job]:
    """Return the team's jobs that these rows name, by their ids."""
    named = sorted({job_uuid for row in rows if (job_uuid := find_job_uuid(row.info)) is not None})
    jobs: dict[UUID, Job] = {}
    for start in range(0, len(named), JOBS_AT_ONCE):
        found = Job.objects.filter(team_id=connection.team_id, uuid__in=named[start : start + JOBS_AT_ONCE])
        jobs |= {job.uuid: job for job in found.only("uuid", "created_by", "created_at", "feature", "steps")}
    return jobs


def _build_record(connection: Connection, row: HistoryRow, occurrence: int, jobs: Mapping[UUID, Job]) -> UsageRecord:
    job = _get_job(row, jobs)
    is_past = _is_private_past(connection, row, jobs)
    return UsageRecord(
        team_id=connection.team_id,
        private_to_id=connection.created_by_id if is_past else connection.private_to_id,
        created_by_id=job.created_by_id if job else None,
        job_uuid=job.uuid if job else None,
        connection=connection,
        connection_name=connection.name,
        point_type=row.point_type,
        job=row.job,
        info=row.info,
        points=row.points,
        balance=row.balance,
        match=Match.MATCHED if job else Match.FOREIGN,
        feature=find_feature(row.job, job),
        occurrence=occurrence,
        **build_times(row.created_at, service_zone=connection.time_zone, team_zone=connection.team.time_zone),
    )


def _get_job(row: HistoryRow, jobs: Mapping[UUID, Job]) -> Job | None:
    job_uuid = find_job_uuid(row.info)
    return jobs.get(job_uuid) if job_uuid else None


def _is_private_past(connection: Connection, row: HistoryRow, jobs: Mapping[UUID, Job]) -> bool:
    """Return whether a charge is of the past of a shared connection that was not shared with it."""
    until = connection.private_past_until
    if connection.private_to_id is not None or until is None:
        return False
    job = _get_job(row, jobs)
    # The service's times have no zone, so only the job's own time tells the hours around the sharing.
    return job.created_at < until if job else to_utc(row.created_at, connection.time_zone) < until + LARGEST_ZONE_ERROR


def _count_stored_rows(connection: Connection, rows: Iterable[HistoryRow]) -> Counter[HistoryRow]:
    oldest = min((row.created_at for row in rows), default=None)
    if oldest is None:
        return Counter()
    records = UsageRecord.objects.filter(connection=connection, service_time__gte=oldest.replace(tzinfo=UTC))
    return Counter(
        HistoryRow(
            point_type=record.point_type,
            job=record.job,
            info=record.info,
            points=record.points,
            balance=record.balance,
            created_at=record.service_time.replace(tzinfo=None),
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


def _record_error(connection: Connection, message: str) -> int:
    HistorySync.objects.update_or_create(connection=connection, defaults={"last_error": message})
    return 0
