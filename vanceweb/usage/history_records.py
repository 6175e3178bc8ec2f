"""Records of charges, built from the rows of a service's history."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.db.models import QuerySet

from vanceweb.client import HistoryRow
from vanceweb.jobs.models import Job
from vanceweb.usage.charged_features import find_feature
from vanceweb.usage.doubled_hours import find_second_passes, is_doubled
from vanceweb.usage.job_names import find_job_uuid
from vanceweb.usage.listed_history import PlacedRow
from vanceweb.usage.models import INFO_LENGTH, JOB_LENGTH, POINT_TYPE_LENGTH, Match, UsageRecord
from vanceweb.usage.service_times import build_times, to_utc
from vanceweb.vault.models import CREDIT_DECIMALS, Connection

# Jobs looked up at once: far below the number of parameters that a query may have.
JOBS_AT_ONCE = 500
# Zones reach from UTC-12 to UTC+14.
LARGEST_ZONE_ERROR = timedelta(hours=14)


def find_jobs(connection: Connection, rows: Iterable[HistoryRow]) -> dict[UUID, Job]:
    """Return the team's jobs that these rows name, by their ids."""
    named = sorted({job_uuid for row in rows if (job_uuid := find_job_uuid(row.info)) is not None})
    jobs: dict[UUID, Job] = {}
    for start in range(0, len(named), JOBS_AT_ONCE):
        found = Job.objects.filter(team_id=connection.team_id, uuid__in=named[start : start + JOBS_AT_ONCE])
        jobs |= {job.uuid: job for job in found.only("uuid", "created_by", "created_at", "feature", "steps")}
    return jobs


def build_record(
    connection: Connection, placed: PlacedRow, *, occurrence: int, fold: int, jobs: Mapping[UUID, Job]
) -> UsageRecord | None:
    """Return the record of a row; None for the private past of a deleted person: it has nobody to be private to.

    `connection` has its team, `jobs` are those of `find_jobs`.
    """
    row = placed.row
    job = _get_job(row, jobs)
    zones = {"service_zone": connection.time_zone, "team_zone": connection.team.time_zone}
    is_past = _is_private_past(connection, row, jobs)
    if is_past and connection.created_by_id is None:
        return None
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
        place=placed.place,
        **build_times(row.created_at, **zones, fold=fold),
    )


def shorten_row(placed: PlacedRow) -> PlacedRow:
    """Return the row as the columns store it, so that it equals its stored copy."""
    row = placed.row
    shortened = HistoryRow(
        point_type=row.point_type[:POINT_TYPE_LENGTH],
        job=row.job[:JOB_LENGTH],
        info=row.info[:INFO_LENGTH],
        points=round(row.points, CREDIT_DECIMALS),
        balance=round(row.balance, CREDIT_DECIMALS),
        created_at=row.created_at,
    )
    return PlacedRow(placed.place, shortened)


def to_history_row(record: UsageRecord) -> HistoryRow:
    """Return what the service's history says of a record."""
    return HistoryRow(
        point_type=record.point_type,
        job=record.job,
        info=record.info,
        points=record.points,
        balance=record.balance,
        created_at=record.service_time.replace(tzinfo=None),
    )


def find_passes(
    connection: Connection, stored: QuerySet[UsageRecord], times: Iterable[datetime], listed: Iterable[PlacedRow] = ()
) -> dict[date, int]:
    """Return where second passes begin (`find_second_passes`), for the days of those naive times that are doubled.

    `stored` are the records to take into account besides the rows that are `listed`.
    """
    zone = connection.time_zone
    days = sorted({moment.date() for moment in times if is_doubled(moment, zone)})
    rows = [(placed.place, placed.row.created_at) for placed in listed]
    for day in days:
        midnight = datetime.combine(day, time(), tzinfo=UTC)
        found = stored.filter(service_time__gte=midnight, service_time__lt=midnight + timedelta(days=1), place__gt=0)
        rows += [(place or 0, at.replace(tzinfo=None)) for place, at in found.values_list("place", "service_time")]
    return find_second_passes(rows, zone) if days else {}


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
