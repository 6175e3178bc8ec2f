"""Decide which charges of a connection's history are those of which jobs. Pure: lists in, decisions out.

A row that names a job is that job's. For the others, features, times, prices and the order decide: the shift of the
clocks is estimated, then the rows and downloads of the same features are aligned in order, which gives the probability
of each pair. docs/matching.md has the reasoning and the figures.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from statistics import median
from uuid import UUID

from vanceweb.usage.clock_shift import ClockShift, estimate_shift, measure_spread
from vanceweb.usage.match_chances import Assumptions, Chances, Charge, Event, Group

# A decision that is less probable than this is doubtful.
CERTAIN = 0.95
# The part of downloads that are never charged, before anything is known, and its bounds.
USUAL_MISSING, LEAST_MISSING, MOST_MISSING = 0.02, 0.005, 0.5
# The part of rows from elsewhere, before anything is known.
USUAL_FOREIGN = 0.2
DAY = 86400.0
# Known charges within so many seconds of the shift tell more about it.
PUNCTUAL = 10.0
# The neighbours of a row from whose deviations the shift is corrected.
SMOOTHED_ROWS = 31


@dataclass(frozen=True, slots=True)
class Download:
    """The download of a job's result: its time in seconds, the slugs of its steps' features, and its price in credits.

    `steps` is the number of steps for which no charge is known yet; `is_charged` tells that the one for the download
    is known.
    """

    job: UUID
    moment: float
    labels: frozenset[str]
    price: Decimal
    steps: int = 1
    is_charged: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """A row's job; None for a charge that isn't from here. A doubtful one has the likeliest job, or None."""

    job: UUID | None = None
    is_doubtful: bool = False


def match_charges(
    charges: Sequence[Charge],
    downloads: Sequence[Download],
    *,
    known: Sequence[tuple[float, float]] = (),
    charged: int = 0,
    repeats_names: bool = False,
) -> dict[int, Decision]:
    """Return the decision for each charge, by key. Charges are in the order of the history, the oldest first.

    `known` are the times of charges and downloads that belong together for sure: they tell the shift of the clocks.
    `charged` is the number of downloads in this time that aren't given, because their charge is known. The service
    `repeats_names` if it names jobs in other rows.
    """
    by_job = {download.job: download for download in downloads}
    decisions: dict[int, Decision] = {}
    exact: list[tuple[Charge, Download]] = []
    for charge in charges:
        if charge.named is not None and charge.named in by_job:
            exact.append((charge, by_job[charge.named]))
            decisions[charge.key] = Decision(charge.named)
    # A service that repeats names does so for all: a row that names another job is that job's, wherever it is.
    if exact or repeats_names:
        decisions = {charge.key: Decision() for charge in charges if charge.named is not None} | decisions
    pairs = sorted([*known, *((charge.moment, download.moment) for charge, download in exact)])
    for is_step in (False, True):
        rows = [charge for charge in charges if charge.is_step is is_step and charge.key not in decisions]
        taken = Counter(download.job for charge, download in exact if charge.is_step is is_step)
        if rows:
            decisions |= _Matching(rows, _list_events(downloads, taken, is_step), pairs, charged).decide()
    return decisions


def _list_events(downloads: Iterable[Download], taken: Counter[UUID], is_step: bool) -> list[Event]:
    """Return what may still be charged for, in order of time."""
    events: list[Event] = []
    for download in downloads:
        left = (download.steps if is_step else int(not download.is_charged)) - taken[download.job]
        price = None if is_step else download.price
        events += [Event(download.job, download.moment, download.labels, price)] * max(left, 0)
    return sorted(events, key=lambda event: event.moment)


class _Matching:
    """Rows that name no job, the events that may be theirs, and the groups of both by features."""

    def __init__(
        self, rows: list[Charge], events: list[Event], known: Sequence[tuple[float, float]], charged: int
    ) -> None:
        self.rows, self.known, self.charged = rows, known, charged
        groups = _group_labels([*(row.labels for row in rows), *(event.labels for event in events)])
        self.row_groups = [groups[min(row.labels)] if row.labels else "" for row in rows]
        self.events: dict[str, list[Event]] = defaultdict(list)
        for event in events:
            self.events[groups[min(event.labels)] if event.labels else ""].append(event)
        self.span = max(rows[-1].moment - rows[0].moment, 0.0) + DAY

    def decide(self) -> dict[int, Decision]:
        """Return the decisions after two passes, of which the first tells the second what to assume."""
        counts = Counter(self.row_groups)
        rates = {group: (USUAL_FOREIGN * count + 0.5) / self.span for group, count in counts.items()}
        beliefs = Assumptions(self._estimate_shift(), rates, USUAL_MISSING)
        beliefs = self._learn(self._compute_chances(beliefs), beliefs)
        found = self._compute_chances(beliefs)
        self._add_latecomers(found, beliefs)
        return {row.key: _decide(chances) for row, chances in zip(self.rows, found, strict=True)}

    def _estimate_shift(self) -> ClockShift:
        """Estimate it from the rows, which vote for all events of their group, and from known pairs."""
        moments = {group: [event.moment for event in events] for group, events in self.events.items()}
        voters = [(row.moment, moments.get(group, [])) for row, group in zip(self.rows, self.row_groups, strict=True)]
        voters += [(charged, [downloaded]) for charged, downloaded in self.known]
        voters.sort(key=lambda voter: voter[0])
        first = self.known[:SMOOTHED_ROWS]
        usual = median(charged - downloaded for charged, downloaded in first) if first else 0.0
        return estimate_shift([moment for moment, _ in voters], lambda place: voters[place][1], usual=usual)

    def _compute_chances(
        self,
        beliefs: Assumptions,
        *,
        places: Iterable[int] | None = None,
        events: Mapping[str, Sequence[Event]] | None = None,
    ) -> list[Chances]:
        """Return the chances of each row. With `places` and `events`, only those take part."""
        found: list[Chances] = [{} for _ in self.rows]
        newest = max(row.moment - beliefs.shift.get_at(row.moment) for row in self.rows)
        by_group: dict[str, list[int]] = defaultdict(list)
        for place in range(len(self.rows)) if places is None else places:
            by_group[self.row_groups[place]].append(place)
        for name, members in by_group.items():
            of_group = (self.events if events is None else events).get(name)
            if of_group:
                group = Group(name, [self.rows[place] for place in members], of_group, beliefs, newest)
                for place, chances in zip(members, group.compute_chances(), strict=True):
                    found[place] = chances
        return found

    def _add_latecomers(self, found: list[Chances], beliefs: Assumptions) -> None:
        """Align the rows and events that have found nobody once more, without the others, whose order they broke."""
        taken: dict[tuple[str, int], float] = defaultdict(float)
        for group, chances in zip(self.row_groups, found, strict=True):
            for key, (_, chance) in chances.items():
                taken[group, key] += chance
        free = {
            group: [event for key, event in enumerate(events) if taken[group, key] <= 1 - CERTAIN]
            for group, events in self.events.items()
        }
        places = [place for place, chances in enumerate(found) if 1 - _sum_chances(chances) >= CERTAIN]
        again = self._compute_chances(beliefs, places=places, events=free)
        for place in places:
            found[place] = again[place]

    def _learn(self, found: Sequence[Chances], beliefs: Assumptions) -> Assumptions:
        """Return the assumptions as the first pass bears them out: the shift around each row, and the rates."""
        foreign: dict[str, float] = defaultdict(float)
        gaps = ((charged, charged - downloaded) for charged, downloaded in self.known)
        # What came late says nothing of the clocks.
        pairs = [(moment, gap) for moment, gap in gaps if abs(gap - beliefs.shift.get_at(moment)) <= PUNCTUAL]
        matched = 0.0
        for row, group, chances in zip(self.rows, self.row_groups, found, strict=True):
            part = _sum_chances(chances)
            matched += part
            foreign[group] += 1 - part
            pairs += [
                (row.moment, row.moment - event.moment) for event, chance in chances.values() if chance >= CERTAIN
            ]
        rates = {group: (foreign[group] + 0.5) / self.span for group in beliefs.foreign_rates}
        first, last = (row.moment - beliefs.shift.get_at(row.moment) for row in (self.rows[0], self.rows[-1]))
        due = sum(first <= event.moment <= last for events in self.events.values() for event in events)
        missing = (max(due - matched, 0) + 1) / (due + self.charged + 1 / USUAL_MISSING)
        return Assumptions(_smooth(sorted(pairs), beliefs.shift), rates, min(max(missing, LEAST_MISSING), MOST_MISSING))


def _group_labels(sets: Iterable[frozenset[str]]) -> dict[str, str]:
    """Return a name for the group of each label: labels that occur together, directly or by others, are one group."""
    parents: dict[str, str] = {}

    def find_root(label: str) -> str:
        while parents.setdefault(label, label) != label:
            label = parents[label]
        return label

    for labels in sets:
        for label in labels:
            parents[find_root(label)] = find_root(min(labels))
    return {label: find_root(label) for label in list(parents)}


def _smooth(pairs: Sequence[tuple[float, float]], shift: ClockShift) -> ClockShift:
    """Return the shift through the middle of the certain pairs (time, gap) around each moment."""
    if len(pairs) < SMOOTHED_ROWS:
        return replace(shift, spread=measure_spread(gap - shift.get_at(moment) for moment, gap in pairs))
    knots = []
    for start in range(0, len(pairs), SMOOTHED_ROWS):
        part = pairs[start : start + SMOOTHED_ROWS]
        knots.append((part[len(part) // 2][0], median(gap for _, gap in part)))
    smoothed = ClockShift(knots)
    return replace(smoothed, spread=measure_spread(gap - smoothed.get_at(moment) for moment, gap in pairs))


def _sum_chances(chances: Chances) -> float:
    return sum(chance for _, chance in chances.values())


def _decide(chances: Chances) -> Decision:
    by_job: dict[UUID, float] = defaultdict(float)
    for event, chance in chances.values():
        by_job[event.job] += chance
    job = max(by_job, key=lambda key: by_job[key], default=None)
    best, alone = (by_job[job] if job else 0.0), 1 - sum(by_job.values())
    if alone >= CERTAIN:
        return Decision()
    return Decision(job if best >= alone else None, is_doubtful=best < CERTAIN)
