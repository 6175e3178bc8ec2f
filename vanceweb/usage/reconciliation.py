"""The io worker's matching of a connection's charges with the jobs of this site, after each reading of its history.

What is computed is read and compared outside of any transaction; the writes are one transaction for each portion of
rows, under the lock of the sync. A match that isn't doubtful is kept. Other rows are looked at again while they are
new: once more is known of the clocks, or once a late row has come, there may be an answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from vanceweb.jobs.models import INSUFFICIENT_CREDITS, Job
from vanceweb.usage.alerts import check_foreign_use
from vanceweb.usage.budget_feed import tell_budgets
from vanceweb.usage.charged_features import find_feature, find_labels, list_job_features, list_job_labels
from vanceweb.usage.clock_shift import LARGEST_SHIFT
from vanceweb.usage.job_names import find_job_uuid
from vanceweb.usage.known_charges import find_known_charges, find_known_shift
from vanceweb.usage.locks import lock_connection
from vanceweb.usage.match_chances import Charge
from vanceweb.usage.matching import Decision, Download, match_charges
from vanceweb.usage.models import HistorySync, Match, UsageRecord
from vanceweb.usage.sums import recompute_days
from vanceweb.vault.models import Connection

# Rows that aren't matched are looked at again for as long as their service's newest weeks are read again.
OPEN_DAYS = 35
# The newest open rows of one run, and those of one transaction and computation, which takes one or two seconds.
MOST_ROWS, ROWS_AT_ONCE = 20_000, 2_000
# Downloads that one portion of rows is compared with, the newest: far more than a team makes in the time of its rows.
MOST_DOWNLOADS = 10_000
REACH = timedelta(seconds=LARGEST_SHIFT)
STEP = "job"


def reconcile_history(*, connection_id: int) -> int:
    """Match the connection's open charges with its jobs, and return the number of rows that changed. Safe to repeat."""
    connection = Connection.objects.without_token().filter(pk=connection_id).first()
    if connection is None:
        return 0
    newest_key = UsageRecord.objects.of_connection(connection).aggregate(newest=Max("pk"))["newest"] or 0
    changed = 0
    keys = _list_open_keys(connection)
    for start in range(0, len(keys), ROWS_AT_ONCE):
        changed += _reconcile_portion(connection, keys[start : start + ROWS_AT_ONCE])
    _tell_of_new_rows(connection_id, newest_key)
    _finish(connection_id, newest_key)
    return changed


def _list_open_keys(connection: Connection) -> list[int]:
    """Return the keys of the rows to look at, the oldest first; none if no job was ever downloaded here."""
    first = Job.objects.filter(connection=connection).aggregate(first=Min("downloaded_at"))["first"]
    if first is None:
        return []
    sync = HistorySync.objects.filter(connection=connection).first()
    is_new = Q(pk__gt=sync.matched_up_to if sync else 0) | Q(created_at__gte=timezone.now() - timedelta(OPEN_DAYS))
    rows = filter_open(connection).filter(is_new, created_at__gte=first - REACH)
    return list(rows.order_by("-service_time", "-place", "pk").values_list("pk", flat=True)[:MOST_ROWS])[::-1]


def filter_open(connection: Connection) -> QuerySet[UsageRecord]:
    """Return the connection's rows that matching may still change."""
    rows = UsageRecord.objects.of_connection(connection).counted()
    return rows.filter(is_corrected=False, match__in=[Match.FOREIGN, Match.DOUBTFUL])


@dataclass(frozen=True)
class _Portion:
    """Rows in the order of the history, and the jobs that may be theirs, by their ids."""

    records: Sequence[UsageRecord]
    jobs: Mapping[UUID, Job]

    @property
    def begin(self) -> datetime:
        return min(record.created_at for record in self.records)

    @property
    def end(self) -> datetime:
        return max(record.created_at for record in self.records)


def _reconcile_portion(connection: Connection, keys: Sequence[int]) -> int:
    found = UsageRecord.objects.in_bulk(keys)
    records = [found[key] for key in keys if key in found]
    if not records:
        return 0
    portion = _Portion(records, {})
    has_steps = any(record.point_type == STEP for record in records)
    jobs = _list_jobs(connection, portion.begin - REACH, portion.end + REACH, with_charged=has_steps)
    portion = _Portion(records, {job.uuid: job for job in jobs})
    decisions = _decide(connection, portion)
    return _store(connection.pk, portion, decisions)


def _list_jobs(connection: Connection, begin: datetime, end: datetime, *, with_charged: bool) -> list[Job]:
    """Return the jobs downloaded in this time that may be charged, with `is_charged`."""
    charges = UsageRecord.objects.of_connection(connection).counted().filter(job_uuid=OuterRef("uuid"))
    sure = charges.filter(Q(match=Match.MATCHED) | Q(is_corrected=True)).exclude(point_type=STEP)
    jobs = Job.objects.filter(connection=connection, downloaded_at__range=(begin, end))
    jobs = jobs.exclude(error_code=INSUFFICIENT_CREDITS).annotate(is_charged=Exists(sure))
    if not with_charged:
        jobs = jobs.filter(~Exists(sure))
    columns = ("uuid", "created_by", "created_at", "feature", "steps", "credits", "downloaded_at")
    return list(jobs.only(*columns).order_by("-downloaded_at", "-pk")[:MOST_DOWNLOADS])


def _decide(connection: Connection, portion: _Portion) -> dict[int, Decision]:
    known = find_known_charges(connection, until=portion.end)
    since = portion.begin
    matched = UsageRecord.objects.of_connection(connection).counted().filter(match=Match.MATCHED)
    charged = matched.filter(created_at__range=(since, portion.end)).exclude(point_type=STEP).count()
    taken = _count_step_charges(connection, portion.jobs) if any(r.point_type == STEP for r in portion.records) else {}
    return match_charges(
        [_build_charge(record) for record in portion.records],
        [_build_download(job, taken.get(job.uuid, 0)) for job in portion.jobs.values()],
        known=known.pairs,
        charged=charged,
        repeats_names=known.has_names,
    )


def _count_step_charges(connection: Connection, jobs: Iterable[UUID]) -> dict[UUID, int]:
    """Return the number of matched charges for steps of the jobs."""
    rows = UsageRecord.objects.of_connection(connection).counted().filter(match=Match.MATCHED, point_type=STEP)
    counts: dict[UUID, int] = {}
    for job_uuid in rows.filter(job_uuid__in=list(jobs)).values_list("job_uuid", flat=True):
        if job_uuid is not None:
            counts[job_uuid] = counts.get(job_uuid, 0) + 1
    return counts


def _build_charge(record: UsageRecord) -> Charge:
    return Charge(
        key=record.pk,
        moment=record.created_at.timestamp(),
        labels=find_labels(record.job),
        price=record.points,
        named=find_job_uuid(record.info),
        is_step=record.point_type == STEP,
    )


def _build_download(job: Job, charged_steps: int) -> Download:
    assert job.downloaded_at is not None  # noqa: S101
    return Download(
        job=job.uuid,
        moment=job.downloaded_at.timestamp(),
        labels=list_job_labels(job),
        price=job.credits,
        steps=max(len(list_job_features(job)), 1) - charged_steps,
        is_charged=bool(getattr(job, "is_charged", False)),
    )


@transaction.atomic
def _store(connection_id: int, portion: _Portion, decisions: Mapping[int, Decision]) -> int:
    """Write the decisions and return the number of changed rows. What somebody has corrected meanwhile stays."""
    connection = lock_connection(connection_id)
    if connection is None:
        return 0
    records = filter_open(connection).filter(pk__in=[record.pk for record in portion.records]).order_by("pk")
    changed: list[UsageRecord] = []
    days: set[date] = set()
    jobs: set[UUID] = set()
    corrected = set(
        UsageRecord.objects.of_connection(connection)
        .filter(is_corrected=True, job_uuid__in=list(portion.jobs))
        .exclude(point_type=STEP)
        .values_list("job_uuid", flat=True)
    )
    for record in records:
        decision = decisions[record.pk]
        if decision.job in corrected and record.point_type != STEP:
            continue
        job = portion.jobs[decision.job] if decision.job else None
        before = record.job_uuid
        if apply_match(record, job, _get_match(decision), connection):
            changed.append(record)
            days.add(record.day)
            jobs |= {job_uuid for job_uuid in (before, record.job_uuid) if job_uuid is not None}
    UsageRecord.objects.bulk_update(
        changed, ["match", "job_uuid", "created_by", "feature", "private_to"], batch_size=200
    )
    recompute_days(team_id=connection.team_id, days=days)
    tell_budgets(connection, jobs=jobs, days=days)
    return len(changed)


def _get_match(decision: Decision) -> Match:
    if decision.is_doubtful:
        return Match.DOUBTFUL
    return Match.MATCHED if decision.job else Match.FOREIGN


def apply_match(record: UsageRecord, job: Job | None, match: Match, connection: Connection | None) -> bool:
    """Set the fields of a row that follow from its job, without saving, and return whether any changed."""
    before = (record.match, record.job_uuid, record.created_by_id, record.feature, record.private_to_id)
    record.match = match
    record.job_uuid = job.uuid if job else None
    record.created_by_id = job.created_by_id if job else None
    record.feature = find_feature(record.job, job)
    if job is not None and match == Match.MATCHED and connection is not None:
        record.private_to_id = _find_privacy(record, job, connection)
    return before != (match, record.job_uuid, record.created_by_id, record.feature, record.private_to_id)


def _find_privacy(record: UsageRecord, job: Job, connection: Connection) -> int | None:
    """Return to whom a charge for the job is private, now that the job's own time tells whether it is of the past.

    The past of a connection that was shared without it stays private to the person who shared it.
    """
    until = connection.private_past_until
    if connection.private_to_id is not None or until is None or connection.created_by_id is None:
        return record.private_to_id
    if job.created_at < until:
        return connection.created_by_id
    return None if record.private_to_id == connection.created_by_id else record.private_to_id


def _tell_of_new_rows(connection_id: int, newest_key: int) -> None:
    """Tell budgets of the rows that were stored since the last run; those that matching changed are told already."""
    sync = HistorySync.objects.filter(connection=connection_id).first()
    rows = UsageRecord.objects.counted().filter(connection=connection_id, pk__lte=newest_key)
    keys = rows.filter(pk__gt=sync.matched_up_to if sync else 0).order_by("pk").values_list("pk", flat=True)
    last = 0
    while portion := list(keys.filter(pk__gt=last)[:ROWS_AT_ONCE]):
        _tell_of_portion(connection_id, portion)
        last = portion[-1]


@transaction.atomic
def _tell_of_portion(connection_id: int, keys: Sequence[int]) -> None:
    connection = lock_connection(connection_id)
    if connection is None:
        return
    rows = UsageRecord.objects.filter(pk__in=keys)
    jobs = set(rows.filter(match=Match.MATCHED, job_uuid__isnull=False).values_list("job_uuid", flat=True))
    days = set(rows.filter(match=Match.FOREIGN).values_list("day", flat=True))
    tell_budgets(connection, jobs={job_uuid for job_uuid in jobs if job_uuid is not None}, days=days)


@transaction.atomic
def _finish(connection_id: int, newest_key: int) -> None:
    connection = lock_connection(connection_id)
    if connection is None:
        return
    HistorySync.objects.filter(connection=connection).update(matched_up_to=newest_key)
    check_foreign_use(connection=connection, shift=find_known_shift(connection, at=timezone.now()))
