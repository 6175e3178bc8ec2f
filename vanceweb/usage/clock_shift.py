"""The shift between a service's clock and the site's, estimated from what happened on both.

The history's zone is what somebody said, or UTC, so the shift may be hours; clocks drift; and where a zone puts its
clocks forward, the shift jumps. So it is estimated for one stretch of rows after another.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

# Zones reach from UTC-12 to UTC+14; an hour for clocks that are wrong.
LARGEST_SHIFT = 15 * 3600.0
# Rows of one stretch: enough for a clear vote. And its longest time: clocks drift some seconds in it at most.
STRETCH_ROWS = 100
STRETCH_SECONDS = 2 * 86400.0
# The shift is looked for near the last one first, and farther only if this part of the rows doesn't vote for it.
NEAR = 300.0
NEAR_SHARE = 0.4
# Votes within this many seconds of each other are for the same shift: rounding to seconds, and the way of a request.
VOTE_WIDTH = 1.5
# Rows that vote on a shift far away, and how many must agree at least. Random ones hardly ever do.
FAR_VOTERS = 60
LEAST_VOTES = 4
LEAST_SHARE = 0.3
# Between stretches with shifts as near as this the clock has drifted; otherwise it has jumped.
DRIFT = 60.0
# The seconds by which rows differ from the shift: bounds of their typical deviation. Times are in whole seconds.
LEAST_SPREAD, USUAL_SPREAD, LARGEST_SPREAD = 0.4, 2.0, 8.0


@dataclass(frozen=True)
class ClockShift:
    """Seconds that the service's clock is ahead of the site's, by the service's time; and the spread of the rows."""

    knots: Sequence[tuple[float, float]] = ()
    spread: float = USUAL_SPREAD
    moments: Sequence[float] = field(init=False, repr=False, default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "moments", [moment for moment, _ in self.knots])

    def get_at(self, moment: float) -> float:
        """Return the shift at a time of the service, 0 if nothing is known."""
        if not self.knots:
            return 0.0
        place = bisect_left(self.moments, moment)
        if place in (0, len(self.knots)):
            return self.knots[min(place, len(self.knots) - 1)][1]
        (before, first), (after, second) = self.knots[place - 1], self.knots[place]
        part = (moment - before) / (after - before)
        if abs(second - first) > DRIFT:
            return first if part < 0.5 else second
        return first + part * (second - first)


def estimate_shift(
    moments: Sequence[float], find_events: Callable[[int], Sequence[float]], *, usual: float = 0.0
) -> ClockShift:
    """Return the shift by which rows follow their events.

    `moments` are the rows' times in order, in seconds; `find_events` gives the ordered times of all events that a row
    may belong to; `usual` is the shift where nothing speaks for another.
    """
    knots: list[tuple[float, float]] = []
    deviations: list[float] = []
    last = usual
    for start, end in _split_stretches(moments):
        rows = range(start, end)
        shift = _find_peak(moments, rows, find_events, last)
        if shift is None:
            continue
        nearest = (_find_nearest(moments[row], find_events(row), shift) for row in rows)
        near = [gap - shift for gap in nearest if gap is not None and abs(gap - shift) <= 2 * VOTE_WIDTH]
        centre = median(near) if near else 0.0
        last = shift + centre
        knots.append((median(moments[start:end]), last))
        deviations += [deviation - centre for deviation in near]
    return ClockShift(knots or [(0.0, usual)], measure_spread(deviations))


def measure_spread(deviations: Iterable[float]) -> float:
    """Return the typical deviation in seconds, within bounds; the usual one if there are few."""
    sizes = [abs(deviation) for deviation in deviations]
    if len(sizes) < LEAST_VOTES:
        return USUAL_SPREAD
    return min(max(1.48 * median(sizes), LEAST_SPREAD), LARGEST_SPREAD)


def _split_stretches(moments: Sequence[float]) -> Iterable[tuple[int, int]]:
    start = 0
    for row in range(1, len(moments) + 1):
        is_full = row - start == STRETCH_ROWS
        if row == len(moments) or is_full or moments[row] - moments[start] > STRETCH_SECONDS:
            yield start, row
            start = row


def _find_peak(
    moments: Sequence[float], rows: range, find_events: Callable[[int], Sequence[float]], usual: float
) -> float | None:
    """Return the shift that most rows vote for, None if too few agree on any."""
    near, votes = _count_votes(moments, rows, find_events, usual, NEAR)
    if near is not None and votes >= NEAR_SHARE * len(rows):
        return near
    voters = rows[:: max(1, len(rows) // FAR_VOTERS)]
    far, far_votes = _count_votes(moments, voters, find_events, usual, LARGEST_SHIFT)
    if far is not None and far_votes >= max(LEAST_VOTES, LEAST_SHARE * len(voters)):
        return far
    return near if votes >= LEAST_VOTES and votes >= LEAST_SHARE * len(rows) else None


def _count_votes(
    moments: Sequence[float], rows: range, find_events: Callable[[int], Sequence[float]], centre: float, reach: float
) -> tuple[float | None, int]:
    """Return the shift within reach of the centre that most rows vote for, and the number of votes."""
    shifts: list[float] = []
    for row in rows:
        events = find_events(row)
        middle = moments[row] - centre
        first, last = bisect_left(events, middle - reach), bisect_right(events, middle + reach)
        shifts += [moments[row] - events[place] for place in range(first, last)]
    shifts.sort()
    best, most, start = None, 0, 0
    for end, shift in enumerate(shifts):
        while shift - shifts[start] > VOTE_WIDTH:
            start += 1
        votes = end - start + 1
        middle_shift = shifts[(start + end) // 2]
        is_nearer = best is not None and votes == most and abs(middle_shift - centre) < abs(best - centre)
        if votes > most or is_nearer:
            best, most = middle_shift, votes
    return best, most


def _find_nearest(moment: float, events: Sequence[float], shift: float) -> float | None:
    """Return the difference of the row's time and the nearest event's, seen with the shift."""
    place = bisect_left(events, moment - shift)
    near = events[max(place - 1, 0) : place + 1]
    return min((moment - event for event in near), key=lambda found: abs(found - shift), default=None)
