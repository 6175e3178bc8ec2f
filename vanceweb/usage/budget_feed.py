"""The history's charges, told to the budgets: those of jobs, and those from elsewhere."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum

from vanceweb.budgets.reservations import correct_settlement, count_foreign, find_reserved
from vanceweb.usage.models import Match, UsageRecord
from vanceweb.vault.models import Connection

# Jobs in one statement: the number of its parameters is limited.
JOBS_AT_ONCE = 500


def tell_budgets(connection: Connection, *, jobs: Collection[UUID], days: Collection[date]) -> None:
    """Set what these jobs were charged, and what nobody here caused in the months of these days, in the team's zone.

    Call it in the transaction that writes the rows.
    """
    ordered = sorted(jobs)
    for start in range(0, len(ordered), JOBS_AT_ONCE):
        _settle_jobs(find_reserved(ordered[start : start + JOBS_AT_ONCE]))
    for month in sorted({day.replace(day=1) for day in days}):
        _count_month(connection, month)


def _settle_jobs(jobs: Collection[UUID]) -> None:
    rows = UsageRecord.objects.counted().filter(job_uuid__in=jobs, match=Match.MATCHED)
    for job_uuid, credits in rows.values_list("job_uuid").annotate(Sum("points")).order_by():
        correct_settlement(job_uuid=job_uuid, credits=credits)


def _count_month(connection: Connection, month: date) -> None:
    following = (month.replace(day=28) + date.resolution * 4).replace(day=1)
    rows = UsageRecord.objects.of_connection(connection).counted().filter(day__gte=month, day__lt=following)
    foreign = rows.filter(match=Match.FOREIGN).aggregate(sum=Sum("points", default=Decimal(0)))["sum"]
    count_foreign(connection=connection, month=month, credits=foreign)
