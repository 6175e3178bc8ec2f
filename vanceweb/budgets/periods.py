"""Months in the zone of a team."""

from datetime import date, datetime
from zoneinfo import ZoneInfo


def start_month(now: datetime, zone: str) -> datetime:
    """Return the moment at which the month began in the zone, an IANA name."""
    local = now.astimezone(ZoneInfo(zone))
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def start_day(day: date, zone: str) -> datetime:
    """Return the moment at which the day begins in the zone, an IANA name."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
