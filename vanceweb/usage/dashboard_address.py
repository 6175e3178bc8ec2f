"""The view of the dashboard that an address asks for: a period, filters, and the division of the bars."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from django.core.exceptions import ValidationError

from vanceweb.teams.access import Actor
from vanceweb.usage.figures.filters import Dimension, Filters, UsageScope, read_dimension, read_filters
from vanceweb.usage.figures.periods import DEFAULT_PRESET as DEFAULT_PERIOD
from vanceweb.usage.figures.periods import Bucket, Period, build_preset, get_today, read_bucket, read_period
from vanceweb.usage.record_search import find_records

T = TypeVar("T")


@dataclass(frozen=True)
class DashboardAddress:
    """The view that an address asks for. `errors` are sentences about parts of the address that were left out."""

    today: date
    period: Period
    filters: Filters
    bucket: Bucket
    by: Dimension
    errors: tuple[str, ...]


def read_address(query: Mapping[str, str], actor: Actor) -> DashboardAddress:
    """Return what a query asks for, with defaults for what is wrong in it.

    Raise Http404 for a person who isn't in the team, and PermissionDenied for one whose charges the actor may not see.
    """
    errors: list[str] = []

    def read(reader: Callable[[], T], default: Callable[[], T]) -> T:
        try:
            return reader()
        except ValidationError as error:
            errors.extend(error.messages)
            return default()

    today = get_today(actor.team)
    is_private = query.get("scope") == UsageScope.PRIVATE
    charges = find_records(actor, Filters(UsageScope.PRIVATE if is_private else UsageScope.TEAM))
    period = read(lambda: read_period(query, today), lambda: build_preset(DEFAULT_PERIOD, today))
    return DashboardAddress(
        today,
        period,
        read(lambda: read_filters(query, actor, charges), Filters),
        read(lambda: read_bucket(query.get("bucket", ""), period), period.choose_bucket),
        read(lambda: read_dimension(query.get("by", "")), lambda: Dimension.FEATURE),
        tuple(errors),
    )
