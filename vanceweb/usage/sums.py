"""The sums by day, hour and month, computed anew from the records whenever those of a day change."""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Case, Count, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import TruncMonth

from vanceweb.usage.locks import lock_team
from vanceweb.usage.models import Match, UsageDay, UsageDayPart, UsageHour, UsageMonth, UsageMonthPart, UsageRecord
from vanceweb.usage.sum_parts import build_parts

# What the charges that are summed up have in common, besides their time.
GROUP = ("private_to_id", "connection_id", "connection_name", "feature", "person", "is_foreign")
# Days in one statement: their number of parameters is limited.
DAYS_AT_ONCE = 300
ROWS_AT_ONCE = 500


def list_days(records: QuerySet[Any]) -> set[date]:
    """Return the days of these records. Call it before a change of them, and `recompute_days` after it."""
    return set(records.values_list("day", flat=True).order_by().distinct())


@transaction.atomic
def recompute_days(*, team_id: int, days: Collection[date]) -> None:
    """Compute the sums of these days, in the team's zone, and of their months. Call it in the transaction that writes.

    The lock on the team makes writers of the same day compute one after another.
    """
    if not days:
        return
    lock_team(team_id)
    ordered = sorted(set(days))
    for start in range(0, len(ordered), DAYS_AT_ONCE):
        _recompute_days(team_id, ordered[start : start + DAYS_AT_ONCE])
    for month in sorted({day.replace(day=1) for day in ordered}):
        _recompute_month(team_id, month)


def _recompute_days(team_id: int, days: list[date]) -> None:
    records = UsageRecord.objects.counted().filter(team=team_id, day__in=days)
    UsageDay.objects.filter(team=team_id, day__in=days).delete()
    UsageHour.objects.filter(team=team_id, day__in=days).delete()
    UsageDayPart.objects.filter(team=team_id, day__in=days).delete()
    sums = [UsageDay(team_id=team_id, **fields) for fields in _sum_up(records, "day")]
    UsageDay.objects.bulk_create(sums, batch_size=ROWS_AT_ONCE)
    UsageDayPart.objects.bulk_create(build_parts(sums, UsageDayPart, "day"), batch_size=ROWS_AT_ONCE)
    hours = records.values("private_to_id", "day", "hour").annotate(credits=Sum("points"), rows=Count("pk"))
    UsageHour.objects.bulk_create(
        (UsageHour(team_id=team_id, **fields) for fields in hours.order_by()), batch_size=ROWS_AT_ONCE
    )


def _recompute_month(team_id: int, month: date) -> None:
    following = (month.replace(day=28) + (date.resolution * 4)).replace(day=1)
    records = UsageRecord.objects.counted().filter(team=team_id, day__gte=month, day__lt=following)
    UsageMonth.objects.filter(team=team_id, month=month).delete()
    UsageMonthPart.objects.filter(team=team_id, month=month).delete()
    groups = _sum_up(records.annotate(month=TruncMonth("day")), "month")
    sums = [UsageMonth(team_id=team_id, **fields) for fields in groups]
    UsageMonth.objects.bulk_create(sums, batch_size=ROWS_AT_ONCE)
    UsageMonthPart.objects.bulk_create(build_parts(sums, UsageMonthPart, "month"), batch_size=ROWS_AT_ONCE)


def _sum_up(records: QuerySet[UsageRecord], period: str) -> Iterator[dict[str, Any]]:
    """Yield the fields of the sums of each group of the records in each period."""
    groups = records.annotate(
        person=F("created_by_id"),
        is_foreign=Case(When(Q(match=Match.FOREIGN), then=Value(True)), default=Value(False)),
    ).values(period, *GROUP)
    sums = groups.annotate(credits=Sum("points"), rows=Count("pk"), jobs=Count("job_uuid", distinct=True))
    for fields in sums.order_by():
        yield {("person_id" if name == "person" else name): value for name, value in fields.items()}
