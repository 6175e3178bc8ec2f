"""The roll-ups, read in as few queries and rows as a view needs."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import DateField, F, Func, IntegerField, Model, QuerySet, Sum, Value

from vanceweb.teams.access import Actor, filter_usage
from vanceweb.usage.figures.filters import Filters
from vanceweb.usage.figures.periods import Bucket, Part, Period
from vanceweb.usage.models import Dimension, UsageDay, UsageDayPart, UsageMonth, UsageMonthPart
from vanceweb.vault.models import CREDIT_DECIMALS

THOUSANDTH = Decimal(1).scaleb(-CREDIT_DECIMALS)
NOTHING = Decimal(0)
DIMENSION_FIELDS: Mapping[Dimension, tuple[str, ...]] = {
    Dimension.FEATURE: ("feature",),
    Dimension.PERSON: ("person_id",),
    Dimension.CONNECTION: ("connection_id", "connection_name"),
}
GROUP = ("feature", "person_id", "connection_id", "connection_name")
# The columns of GROUP that each dimension has.
_COLUMNS = {Dimension.FEATURE: slice(0, 1), Dimension.PERSON: slice(1, 2), Dimension.CONNECTION: slice(2, 4)}
_SUMS: Mapping[Part, tuple[type[Model], str]] = {Part.DAYS: (UsageDay, "day"), Part.MONTHS: (UsageMonth, "month")}
_PARTS: Mapping[Part, tuple[type[Model], str]] = {
    Part.DAYS: (UsageDayPart, "day"),
    Part.MONTHS: (UsageMonthPart, "month"),
}


def to_credits(number: Decimal | None) -> Decimal:
    """Return a sum as credits: SQLite sums up floating-point numbers."""
    return (number or NOTHING).quantize(THOUSANDTH)


@dataclass
class PartSum:
    """The charges of a period that have the values of one dimension in common, in the order of DIMENSION_FIELDS.

    Charges that nobody here caused have no feature and no person.
    """

    values: tuple[Any, ...]
    is_foreign: bool
    credits: Decimal
    jobs: int


# The sums of a period by each dimension.
Parts = Mapping[Dimension, Sequence[PartSum]]


class BucketSum(NamedTuple):
    """The charges of a bucket that have the values of one dimension in common, in the order of DIMENSION_FIELDS."""

    start: date
    values: tuple[Any, ...]
    is_foreign: bool
    credits: Decimal
    jobs: int


@dataclass(frozen=True)
class SumReader:
    """Reads what the actor may see of the sums. `connection_ids` are the keys of those that the filters name.

    Without filters, it reads the parts, which are far fewer rows than the sums.
    """

    actor: Actor
    filters: Filters
    connection_ids: Collection[int] = ()

    def read_parts(self, *periods: Period) -> list[Parts]:
        """Return the sums of each period by each dimension, in one query."""
        dimension = Value("") if self.filters.narrows else F("dimension")
        selects = [
            self._filter(part, days)
            .annotate(number=Value(number, IntegerField()), by=dimension)
            .values_list("number", "by", *GROUP, "is_foreign")
            .annotate(Sum("credits", default=NOTHING), Sum("jobs", default=0))
            .order_by()
            for number, period in enumerate(periods)
            for part, days in period.split()
        ]
        rows: list[list[Any]] = [[] for _ in periods]
        for number, *row in _read_union(selects):
            rows[number].append(row)
        return [_add_up_parts(found) for found in rows]

    def read_buckets(self, period: Period, bucket: Bucket, by: Dimension) -> list[BucketSum]:
        """Return the sums of each bucket of the period by one dimension, in one query; nothing for empty ones."""
        fields = (*DIMENSION_FIELDS[by], "is_foreign")
        parts = period.split() if bucket == Bucket.MONTH else [(Part.DAYS, period)]
        selects = [
            self._filter(part, days, by)
            .annotate(start=_build_start(part, days, bucket))
            .values_list("start", *fields)
            .annotate(Sum("credits", default=NOTHING), Sum("jobs", default=0))
            .order_by()
            for part, days in parts
        ]
        return [
            BucketSum(start, tuple(values), is_foreign, to_credits(credits), jobs)
            for start, *values, is_foreign, credits, jobs in _read_union(selects)
        ]

    def read_daily(self, period: Period) -> dict[int | None, dict[date, Decimal]]:
        """Return the credits of each connection on each day with a charge, whatever else the filters say."""
        days = filter_usage(UsageDayPart.objects.all(), self.actor, private=self.filters.is_private)
        days = days.filter(dimension=Dimension.CONNECTION, day__gte=period.start, day__lt=period.end)
        daily: dict[int | None, dict[date, Decimal]] = defaultdict(dict)
        for connection_id, day, credits in days.values_list("connection_id", "day").annotate(Sum("credits")).order_by():
            daily[connection_id][day] = to_credits(credits)
        return daily

    def _filter(self, part: Part, period: Period, *dimensions: Dimension) -> QuerySet[Any]:
        filters = self.filters
        model, day = (_SUMS if filters.narrows else _PARTS)[part]
        rows: QuerySet[Any] = filter_usage(model._default_manager.all(), self.actor, private=filters.is_private)
        rows = rows.filter(**{f"{day}__gte": period.start, f"{day}__lt": period.end})
        if not filters.narrows:
            return rows.filter(dimension__in=dimensions or list(Dimension))
        if filters.feature:
            rows = rows.filter(feature=filters.feature)
        if filters.person is not None:
            rows = rows.filter(person=filters.person)
        if filters.connections:
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


def _build_start(part: Part, period: Period, bucket: Bucket) -> Any:
    """Return the expression for the first day of the bucket that a row is in."""
    if part == Part.MONTHS:
        return F("month")
    if bucket == Bucket.MONTH:
        return Value(bucket.get_start(period.start), DateField())
    return _WeekStart("day") if bucket == Bucket.WEEK else F("day")


def _add_up_parts(rows: Iterable[Sequence[Any]]) -> Parts:
    """Return the sums by each dimension. A row without a dimension of its own counts for each."""
    found: dict[Dimension, dict[tuple[Any, ...], PartSum]] = {dimension: {} for dimension in Dimension}
    for by, *group, is_foreign, credits, jobs in rows:
        for dimension in [Dimension(by)] if by else Dimension:
            values = tuple(group[_COLUMNS[dimension]])
            part = found[dimension].setdefault((is_foreign, *values), PartSum(values, is_foreign, NOTHING, 0))
            part.credits += to_credits(credits)
            part.jobs += jobs
    return {dimension: list(parts.values()) for dimension, parts in found.items()}


def _read_union(selects: Sequence[QuerySet[Any]]) -> Iterator[Any]:
    """Yield the rows of all selects, in one query."""
    return iter(selects[0].union(*selects[1:], all=True) if len(selects) > 1 else selects[0])
