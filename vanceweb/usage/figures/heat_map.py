"""Credits by weekday and hour in the team's zone."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from django.db.models import Func, IntegerField, Sum

from vanceweb.teams.access import Actor, filter_usage
from vanceweb.usage.figures.filters import Filters
from vanceweb.usage.figures.group_sums import to_credits
from vanceweb.usage.figures.periods import Period
from vanceweb.usage.models import UsageHour

# Level 0 is nothing; each of the others is a fifth of the largest figure.
LEVELS = 5


@dataclass(frozen=True)
class HeatCell:
    """An hour of a weekday. `level` is from 0, nothing, to 5."""

    hour: int
    credits: Decimal
    level: int


@dataclass(frozen=True)
class HeatRow:
    """A weekday, 0 for Monday, with its 24 hours."""

    weekday: int
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True)
class HeatMap:
    """Seven rows. The sums by hour know nothing of features, people and connections: `ignores_filters` tells so."""

    rows: tuple[HeatRow, ...]
    largest: Decimal
    ignores_filters: bool


class _Weekday(Func):
    """The weekday of a date, 0 for Sunday. Django's own function calls Python for each row on SQLite."""

    output_field = IntegerField()
    template = "CAST(STRFTIME('%%%%w', %(expressions)s) AS INTEGER)"

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Return the SQL for PostgreSQL."""
        return super().as_sql(compiler, connection, template="EXTRACT(DOW FROM %(expressions)s)::integer", **context)


def read_heat_map(actor: Actor, period: Period, filters: Filters) -> HeatMap:
    """Return the credits of the filters' scope in the period, in one query."""
    hours = filter_usage(UsageHour.objects.all(), actor, private=filters.is_private)
    hours = hours.filter(day__gte=period.start, day__lt=period.end)
    sums = hours.annotate(weekday=_Weekday("day")).values_list("weekday", "hour").annotate(Sum("credits")).order_by()
    return build_heat_map(
        {((weekday - 1) % 7, hour): to_credits(credits) for weekday, hour, credits in sums},
        ignores_filters=filters.narrows,
    )


def build_heat_map(sums: Mapping[tuple[int, int], Decimal], *, ignores_filters: bool = False) -> HeatMap:
    """Return the map of credits by weekday, 0 for Monday, and hour."""
    nothing = Decimal(0)
    largest = max(sums.values(), default=nothing)
    rows = [
        HeatRow(
            weekday,
            tuple(
                HeatCell(hour, credits, get_level(credits, largest))
                for hour in range(24)
                for credits in [sums.get((weekday, hour), nothing)]
            ),
        )
        for weekday in range(7)
    ]
    return HeatMap(tuple(rows), largest, ignores_filters)


def get_level(credits: Decimal, largest: Decimal) -> int:
    """Return the level of a figure among those up to `largest`: the fifth of it that the figure reaches, 0 for none."""
    if credits <= 0 or largest <= 0:
        return 0
    return int((LEVELS * credits / largest).to_integral_value(ROUND_CEILING))
