"""The roll-ups, read in as few queries and rows as a view needs."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import DateField, F, Func, IntegerField, Model, QuerySet, Sum, Value

from vanceweb.teams.access import Actor, filter_usage
from vanceweb.usage.figures.filters import Dimension, Filters
from vanceweb.usage.figures.periods import Bucket, Part, Period
from vanceweb.usage.models import UsageDay, UsageMonth
from vanceweb.vault.models import CREDIT_DECIMALS

THOUSANDTH = Decimal(1).scaleb(-CREDIT_DECIMALS)
GROUP = ("connection_id", "connection_name", "feature", "person_id", "is_foreign")
DIMENSION_FIELDS: Mapping[Dimension, tuple[str, ...]] = {
    Dimension.FEATURE: ("feature",),
    Dimension.PERSON: ("person_id",),
    Dimension.CONNECTION: ("connection_id", "connection_name"),
}
_MODELS: Mapping[Part, tuple[type[Model], str]] = {Part.DAYS: (UsageDay, "day"), Part.MONTHS: (UsageMonth, "month")}


def to_credits(number: Decimal | None) -> Decimal:
    """Return a sum as credits: SQLite sums up floating-point numbers."""
    return (number or Decimal(0)).quantize(THOUSANDTH)


@dataclass(frozen=True)
class GroupSum:
    """The charges of a period that have these values in common."""

    connection_id: int | None
    connection_name: str
    feature: str
    person_id: int | None
    is_foreign: bool
    credits: Decimal
    jobs: int

    def get_values(self, by: Dimension) -> tuple[Any, ...]:
        """Return the values of a dimension, in the order of DIMENSION_FIELDS."""
        return tuple(getattr(self, name) for name in DIMENSION_FIELDS[by])


@dataclass(frozen=True)
class BucketSum:
    """The charges of a bucket that have the values of one dimension in common, in the order of DIMENSION_FIELDS."""

    start: date
    values: tuple[Any, ...]
    is_foreign: bool
    credits: Decimal
    jobs: int


@dataclass(frozen=True)
class SumReader:
    """Reads what the actor may see of the sums. `connection_ids` are the keys of those that the filters name."""

    actor: Actor
    filters: Filters
    connection_ids: Collection[int] = ()

    def read_groups(self, *periods: Period) -> list[list[GroupSum]]:
        """Return the sums of each period by all that charges have in common, in one query."""
        selects = [
            self._filter(part, parts)
            .annotate(number=Value(number, IntegerField()))
            .values_list("number", *GROUP)
            .annotate(Sum("credits", default=Decimal(0)), Sum("jobs", default=0))
            .order_by()
            for number, period in enumerate(periods)
            for part, parts in period.split()
        ]
        found: list[dict[tuple[Any, ...], tuple[Decimal, int]]] = [{} for _ in periods]
        for number, *group, credits, jobs in _read_union(selects):
            earlier = found[number].get(tuple(group), (Decimal(0), 0))
            found[number][tuple(group)] = (earlier[0] + credits, earlier[1] + jobs)
        return [[_build_group(group, credits, jobs) for group, (credits, jobs) in groups.items()] for groups in found]

    def read_buckets(self, period: Period, bucket: Bucket, by: Dimension) -> list[BucketSum]:
        """Return the sums of each bucket of the period by one dimension, in one query; nothing for empty ones."""
        fields = (*DIMENSION_FIELDS[by], "is_foreign")
        parts = period.split() if bucket == Bucket.MONTH else [(Part.DAYS, period)]
        selects = [
            self._filter(part, days)
            .annotate(start=_build_start(part, days, bucket))
            .values_list("start", *fields)
            .annotate(Sum("credits", default=Decimal(0)), Sum("jobs", default=0))
            .order_by()
            for part, days in parts
        ]
        return [
            BucketSum(start, tuple(values), is_foreign, to_credits(credits), jobs)
            for start, *values, is_foreign, credits, jobs in _read_union(selects)
        ]

    def read_daily(self, period: Period) -> dict[int | None, dict[date, Decimal]]:
        """Return the credits of each connection on each day with a charge, whatever else the filters say."""
        days = filter_usage(UsageDay.objects.all(), self.actor, private=self.filters.is_private)
        days = days.filter(day__gte=period.start, day__lt=period.end)
        daily: dict[int | None, dict[date, Decimal]] = defaultdict(dict)
        for connection_id, day, credits in days.values_list("connection_id", "day").annotate(Sum("credits")).order_by():
            daily[connection_id][day] = to_credits(credits)
        return daily

    def _filter(self, part: Part, period: Period) -> QuerySet[Any]:
        model, day = _MODELS[part]
        rows: QuerySet[Any] = filter_usage(model._default_manager.all(), self.actor, private=self.filters.is_private)
        rows = rows.filter(**{f"{day}__gte": period.start, f"{day}__lt": period.end})
        if self.filters.feature:
            rows = rows.filter(feature=self.filters.feature)
        if self.filters.person is not None:
            rows = rows.filter(person=self.filters.person)
        if self.filters.connections:
            rows = rows.filter(connection__in=self.connection_ids)
        return rows


class _WeekStart(Func):
    """The Monday of the week of a date. Django's own function calls Python for each row on SQLite."""

    output_field = DateField()
    function = "DATE"
    template = "%(function)s(%(expressions)s, '-6 days', 'weekday 1')"

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Return the SQL for PostgreSQL."""
        return super().as_sql(compiler, connection, template="DATE_TRUNC('week', %(expressions)s)::date", **context)


def _build_group(group: Sequence[Any], credits: Decimal, jobs: int) -> GroupSum:
    values: dict[str, Any] = dict(zip(GROUP, group, strict=True))
    return GroupSum(**values, credits=to_credits(credits), jobs=jobs)


def _build_start(part: Part, period: Period, bucket: Bucket) -> Any:
    """Return the expression for the first day of the bucket that a row is in."""
    if part == Part.MONTHS:
        return F("month")
    if bucket == Bucket.MONTH:
        return Value(bucket.get_start(period.start), DateField())
    return _WeekStart("day") if bucket == Bucket.WEEK else F("day")


def _read_union(selects: Sequence[QuerySet[Any]]) -> Iterator[Any]:
    """Yield the rows of all selects, in one query."""
    return iter(selects[0].union(*selects[1:], all=True) if len(selects) > 1 else selects[0])
