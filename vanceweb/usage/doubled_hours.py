"""The hour that clocks show twice when they are put back: the places of rows tell which of the two moments is meant."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

# The clocks of servers differ a little: a row that is this much earlier than an older one is no sign of a change.
CLOCK_DIFFERENCE = timedelta(minutes=1)


def is_doubled(service_time: datetime, zone: str) -> bool:
    """Return whether clocks of the zone, an IANA name, show this naive time twice."""
    place = ZoneInfo(zone)
    first, second = (service_time.replace(tzinfo=place, fold=fold).utcoffset() for fold in (0, 1))
    return first is not None and second is not None and first > second


def find_second_passes(rows: Iterable[tuple[int, datetime]], zone: str) -> dict[date, int]:
    """Return the place of the first row of the second pass, by the day on which an hour is doubled.

    `rows` are places and naive times; all rows of the doubled hours have to be among them. The second pass begins where
    the time jumps back. Without such a row all rows are of the first pass.
    """
    latest: dict[date, datetime] = {}
    begins: dict[date, int] = {}
    for place, moment in sorted(row for row in rows if is_doubled(row[1], zone)):
        day = moment.date()
        if day not in begins and moment < latest.get(day, moment) - CLOCK_DIFFERENCE:
            begins[day] = place
        latest[day] = max(latest.get(day, moment), moment)
    return begins


def find_fold(place: int | None, service_time: datetime, second_passes: dict[date, int]) -> int:
    """Return 1 for a row of the second pass, else 0. Unknown places count as the first pass."""
    begin = second_passes.get(service_time.date())
    return int(place is not None and begin is not None and place >= begin)
