"""The places of waiting jobs in their queues, and the time until each is expected to start.

The turns of `order.py` are played through in memory, over all jobs that wait at the same service, from a few figures of
each.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from vanceweb.jobs.models import Job, LastStart
from vanceweb.jobs.order import TurnKey, build_turn_key
from vanceweb.vault.models import Connection

# In keys of turns: started during the forecast, so after everybody who has started before it.
AFTER_ALL = 2


@dataclass(frozen=True)
class Place:
    """A waiting job's place: its position, from 1, and the seconds until it is expected to start."""

    position: int
    seconds: float


class QueuedJob(NamedTuple):
    """The figures of a job that the forecast needs."""

    pk: int
    connection_id: int
    service: str
    person_id: int | None
    rank: datetime
    expected_seconds: float
    state: str
    work_started_at: datetime | None
    percent: float | None
    lease_until: datetime | None

    @property
    def person(self) -> int:
        return self.person_id or 0

    @property
    def is_bundled(self) -> bool:
        return self.service == Connection.Service.BUNDLED

    def is_waiting_here(self, now: datetime) -> bool:
        """Return whether no worker has begun the job."""
        return self.state == Job.State.QUEUED and (self.lease_until is None or self.lease_until < now)

    def estimate_seconds_left(self, now: datetime) -> float:
        """Return the seconds until the service has done the job, from its percentage or from its expected work."""
        if self.work_started_at is None:
            return self.expected_seconds
        elapsed = max(0.0, (now - self.work_started_at).total_seconds())
        if self.percent:
            return elapsed * (100 - self.percent) / self.percent
        return max(0.0, self.expected_seconds - elapsed)


def find_places(jobs: Iterable[Job]) -> Mapping[int, Place]:
    """Return the places of those of the jobs that wait, by their ids. At most three queries, however many jobs.

    Jobs that the bundled engine has but hasn't begun are waiting too. All its connections form one queue, since they
    share its workers. A job without a connection has no place.
    """
    wanted = {job.pk: job.connection_id for job in jobs if job.connection_id is not None and _can_wait(job)}
    if not wanted:
        return {}
    services = dict(Connection.objects.filter(pk__in=wanted.values()).values_list("pk", "service"))
    queued = _load_queued_jobs(services)
    queues: dict[int, list[QueuedJob]] = defaultdict(list)
    for job in queued:
        queues[0 if job.is_bundled else job.connection_id].append(job)
    starts = LastStart.objects.filter(connection__in={job.connection_id for job in queued})
    last_starts = {(row.connection_id, row.person): row.started_at for row in starts}
    now = timezone.now()
    places: dict[int, Place] = {}
    for queue in queues.values():
        places |= _play_through(queue, last_starts, now)
    return {pk: place for pk, place in places.items() if pk in wanted}


def _can_wait(job: Job) -> bool:
    in_place = job.state in Job.IN_PLACE and job.work_started_at is None
    return job.state == Job.State.QUEUED or in_place


def _load_queued_jobs(services: Mapping[int, str]) -> list[QueuedJob]:
    """Return all jobs that wait or are in a place at these connections, or at any one of the same engine."""
    at_same = Q(connection__in=list(services))
    if Connection.Service.BUNDLED in services.values():
        at_same |= Q(connection__service=Connection.Service.BUNDLED)
    rows = Job.objects.filter(at_same, state__in=[Job.State.QUEUED, *Job.IN_PLACE]).values_list(
        "pk",
        "connection_id",
        "connection__service",
        "created_by_id",
        "queue_rank",
        "expected_seconds",
        "state",
        "work_started_at",
        "percent",
        "lease_until",
    )
    return [QueuedJob._make(row) for row in rows]


def _play_through(
    queue: Sequence[QueuedJob], last_starts: Mapping[tuple[int, int], datetime], now: datetime
) -> dict[int, Place]:
    """Return the places in one queue. Jobs that are being worked on have none."""
    is_bundled = queue[0].is_bundled
    workers = max(1, settings.BUNDLED_JOBS_AT_ONCE - 1) if is_bundled else settings.HOSTED_JOBS_AT_ONCE
    waiting_here = [job for job in queue if job.is_waiting_here(now)]
    begun = [job for job in queue if not job.is_waiting_here(now)]
    # A service on the network works on what it has. The engine works on one job per worker.
    working = [job for job in begun if not is_bundled or job.work_started_at is not None]
    waiting_there = [job for job in begun if is_bundled and job.work_started_at is None]
    left = sorted(job.estimate_seconds_left(now) for job in working)[-workers:]
    free_at = [0.0] * (workers - len(left)) + left
    heapq.heapify(free_at)
    places: dict[int, Place] = {}
    ordered = [*sorted(waiting_there, key=lambda job: (job.rank, job.pk)), *_iterate_turns(waiting_here, last_starts)]
    for position, job in enumerate(ordered, start=1):
        start = heapq.heappop(free_at)
        places[job.pk] = Place(position, start)
        heapq.heappush(free_at, start + job.expected_seconds)
    return places


def _iterate_turns(
    waiting: Sequence[QueuedJob], last_starts: Mapping[tuple[int, int], datetime]
) -> Iterator[QueuedJob]:
    """Yield the jobs in the order in which they are started: turns between connections, and in each between people."""
    jobs: dict[tuple[int, int], list[QueuedJob]] = defaultdict(list)
    # Latest first, so that the next one is the last element.
    for job in sorted(waiting, key=lambda job: (job.rank, job.pk), reverse=True):
        jobs[job.connection_id, job.person].append(job)
    # Heaps of keys, which end with the id of the person or the connection.
    people: dict[int, list[TurnKey]] = defaultdict(list)
    for (connection_id, person), own in jobs.items():
        last_start = last_starts.get((connection_id, person))
        heapq.heappush(people[connection_id], build_turn_key(last_start, own[-1].rank, person))
    latest = _find_latest_by_connection(last_starts)
    connections = [
        build_turn_key(latest.get(pk), min(jobs[pk, key[-1]][-1].rank for key in keys), pk)
        for pk, keys in people.items()
    ]
    heapq.heapify(connections)
    for turn in range(len(waiting)):
        connection_id = heapq.heappop(connections)[-1]
        person = heapq.heappop(people[connection_id])[-1]
        own = jobs[connection_id, person]
        yield own.pop()
        if own:
            heapq.heappush(people[connection_id], (AFTER_ALL, turn, 0.0, person))
        if people[connection_id]:
            heapq.heappush(connections, (AFTER_ALL, turn, 0.0, connection_id))


def _find_latest_by_connection(last_starts: Mapping[tuple[int, int], datetime]) -> dict[int, datetime]:
    latest: dict[int, datetime] = {}
    for (connection_id, _person), at in last_starts.items():
        latest[connection_id] = max(at, latest.get(connection_id, at))
    return latest
