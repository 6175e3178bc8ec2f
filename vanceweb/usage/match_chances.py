"""The probability that a charge is that of a job's download, by features, times and price; for one group at a time."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from vanceweb.usage.clock_shift import ClockShift
from vanceweb.usage.ordered_alignment import Band, align

# Seconds: a charge follows its download at once, or after the attempts of some minutes; before it by a wrong clock.
EARLIEST, LATEST = -60.0, 900.0
# Candidates of one row, the nearest: a bound for time and memory in a burst of equal jobs.
MOST_CANDIDATES = 60
# The part of charges that come late, after further attempts at the download, and their typical delay in seconds.
LATE_PART, LATE_SECONDS = 0.03, 120.0
# Late charges before their download are next to impossible, but clocks are read with an error.
EARLY_DENSITY = 1e-7
# A row of another price than the job's is a hundred times less likely to be the job's.
OTHER_PRICE = 0.01
# The typical deviation of times in whole seconds, in that of `measure_spread`, and the least of the calls themselves.
ROUNDING, LEAST_JITTER = 0.37, 0.15


@dataclass(frozen=True, slots=True)
class Charge:
    """A row of the history. `key` is the caller's, `moment` seconds since 1970 in UTC, as far as the zone is known.

    `labels` are the slugs of the features that the service's name for it may mean. `is_step` marks a charge for a step
    at the end of a job, which older accounts have besides that for the download. `named` is the job whose id the row's
    file name has.
    """

    key: int
    moment: float
    labels: frozenset[str]
    price: Decimal
    named: UUID | None = None
    is_step: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """Something for which a job may be charged: its download, or one of its steps, which have no known price."""

    job: UUID
    moment: float
    labels: frozenset[str]
    price: Decimal | None


@dataclass(frozen=True)
class Assumptions:
    """Beliefs about the history: the clocks, rows from elsewhere per second and group, and the part never charged."""

    shift: ClockShift
    foreign_rates: Mapping[str, float]
    missing: float


# The events that may be a row's, by their places in the group, with the probabilities.
Chances = dict[int, tuple[Event, float]]


class Group:
    """Rows and events of the same features. `newest` is the site's time up to which the history is known.

    An event of later isn't missing, it isn't listed yet.
    """

    def __init__(
        self, name: str, rows: Sequence[Charge], events: Sequence[Event], beliefs: Assumptions, newest: float
    ) -> None:
        self.spread = beliefs.shift.spread
        self.missing, self.rate = beliefs.missing, beliefs.foreign_rates[name]
        self.newest, self.events = newest, events
        times = [row.moment - beliefs.shift.get_at(row.moment) for row in rows]
        self.order = sorted(range(len(rows)), key=times.__getitem__)
        self.rows = [rows[place] for place in self.order]
        self.times = [times[place] for place in self.order]

    def compute_chances(self) -> list[Chances]:
        """Return the chances of each row, in the order in which they were given."""
        found: list[Chances] = [{} for _ in self.rows]
        aligned = align(self._build_bands(), self._weigh_pair, self._weigh_swap)
        for place, chances in zip(self.order, aligned, strict=True):
            found[place] = {key: (self.events[key], chance) for key, chance in chances.items()}
        return found

    def _build_bands(self) -> list[Band]:
        moments = [event.moment for event in self.events]
        bands: list[Band] = []
        low = high = 0
        for time in self.times:
            first, last = bisect_left(moments, time - LATEST), bisect_right(moments, time - EARLIEST)
            middle = bisect_left(moments, time)
            first, last = max(first, middle - MOST_CANDIDATES // 2), min(last, middle + MOST_CANDIDATES // 2)
            low, high = max(low, first), max(high, last, first)
            bands.append((low, high))
        return bands

    def _weigh_pair(self, place: int, key: int) -> float:
        row, event = self.rows[place], self.events[key]
        if row.labels.isdisjoint(event.labels):
            return 0.0
        density = get_density(self.times[place] - event.moment, self.spread)
        if event.price is not None and event.price != row.price:
            density *= OTHER_PRICE
        alone = 1.0 if event.moment > self.newest else self.missing
        return density * (1 - self.missing) / (self.rate * alone)

    def _weigh_swap(self, key: int) -> float:
        event, following = self.events[key], self.events[key + 1]
        if event.job == following.job:
            return 0.0
        # Times in whole seconds deviate without any change of order.
        jitter = max(math.sqrt(max(self.spread**2 - ROUNDING**2, 0.0)), LEAST_JITTER)
        chance = 0.5 * math.exp(-(following.moment - event.moment) / jitter)
        return chance / (1 - chance)


def get_density(deviation: float, spread: float) -> float:
    """Return the probability, per second, that a charge is this many seconds from its download.

    Student's t with three degrees of freedom, whose tails forgive what the normal distribution doesn't, and a part
    that comes late.
    """
    core = 0.3675 / spread / (1 + deviation * deviation / (3 * spread * spread)) ** 2
    late = math.exp(-deviation / LATE_SECONDS) / LATE_SECONDS if deviation > 0 else EARLY_DENSITY
    return (1 - LATE_PART) * core + LATE_PART * late
