"""Charges whose jobs are known. They tell the shift of a service's clock, and whether the service repeats names."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from uuid import UUID

from vanceweb.jobs.models import Job
from vanceweb.usage.job_names import find_job_uuid
from vanceweb.usage.models import Match, UsageRecord
from vanceweb.vault.models import Connection

# Enough for a steady estimate; the newest, since clocks drift and are put forward.
MOST_KNOWN = 300
NEWEST = 31


@dataclass(frozen=True)
class KnownCharges:
    """The times of charges and of their downloads, in seconds, the oldest first; and whether rows name their jobs."""

    pairs: list[tuple[float, float]]
    has_names: bool


def find_known_charges(connection: Connection, *, until: datetime, limit: int = MOST_KNOWN) -> KnownCharges:
    """Return the newest sure charges of downloads up to a time. Two queries."""
    rows = UsageRecord.objects.of_connection(connection).filter(match=Match.MATCHED, created_at__lte=until)
    rows = rows.exclude(point_type="job").exclude(job_uuid=None)
    newest = list(rows.order_by("-created_at").values_list("job_uuid", "created_at", "info")[:limit])
    keys = {job_uuid for job_uuid, _, _ in newest if job_uuid is not None}
    jobs: dict[UUID, datetime | None] = dict(
        Job.objects.filter(uuid__in=keys, downloaded_at__isnull=False).values_list("uuid", "downloaded_at")
    )
    pairs = []
    for job_uuid, charged_at, _ in newest:
        downloaded_at = jobs.get(job_uuid) if job_uuid else None
        if downloaded_at is not None:
            pairs.append((charged_at.timestamp(), downloaded_at.timestamp()))
    return KnownCharges(sorted(pairs), any(find_job_uuid(info) == job_uuid for job_uuid, _, info in newest))


def find_known_shift(connection: Connection, *, at: datetime) -> timedelta:
    """Return how far the service's clock was ahead of the site's, in the zone of the connection; 0 if nothing tells."""
    known = find_known_charges(connection, until=at + timedelta(days=1), limit=NEWEST)
    return timedelta(seconds=median(charged - downloaded for charged, downloaded in known.pairs) if known.pairs else 0)
