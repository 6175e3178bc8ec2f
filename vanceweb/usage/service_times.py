"""Times of a service's history, whose zone the history doesn't say, in UTC and in the zone of a team."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

# Names of the database that say nothing to others: this machine's own zone, and one for machines without any.
NO_ZONES = frozenset({"localtime", "Factory"})


def list_zones() -> frozenset[str]:
    """Return the names of the zones that can be chosen."""
    return frozenset(available_timezones()) - NO_ZONES


def to_utc(service_time: datetime, zone: str, *, fold: int = 0) -> datetime:
    """Return the moment at which the service's clock showed the naive time. `zone` is an IANA name.

    A time that clocks show twice is the first of the two moments, or with `fold` 1 the second. A time that clocks skip
    is taken as if they had not been put forward yet.
    """
    return service_time.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def build_times(service_time: datetime, *, service_zone: str, team_zone: str, fold: int = 0) -> dict[str, Any]:
    """Return the fields of a UsageRecord that say when it was charged. `service_time` is naive."""
    moment = to_utc(service_time, service_zone, fold=fold)
    local = moment.astimezone(ZoneInfo(team_zone))
    return {
        "created_at": moment,
        "service_time": service_time.replace(tzinfo=UTC),
        "day": local.date(),
        "hour": local.hour,
    }
