"""The order in which waiting jobs are started at a connection, and their places in it.

People take turns: the next is the one whose last start there is the longest ago. Among a person's jobs the one with the
earliest rank comes first: the time of its submission, plus AGEING_FACTOR times the work that is expected. So short jobs
overtake long ones, but only those submitted shortly before: a rank never changes, and nothing waits for ever.
"""

from datetime import datetime, timedelta

from django.db.models import Min, QuerySet

from vanceweb.jobs.models import Job, LastStart

# A job may be overtaken by shorter ones for this many times its own expected duration.
AGEING_FACTOR = 5.0

# Orders people, or connections. The last element is the id.
TurnKey = tuple[int, float, float, int]


def compute_rank(submitted_at: datetime, expected_seconds: float) -> datetime:
    """Return the rank of a job among those of its person: the earlier the sooner."""
    return submitted_at + timedelta(seconds=AGEING_FACTOR * expected_seconds)


def find_next_job(waiting: QuerySet[Job], connection_id: int) -> Job | None:
    """Return the job of `waiting`, jobs of one connection, that is started next. Three queries."""
    people = waiting.order_by().values_list("created_by_id").annotate(Min("queue_rank"))
    first_ranks = {person or 0: rank for person, rank in people}
    if not first_ranks:
        return None
    last_starts = dict(
        LastStart.objects.filter(connection=connection_id, person__in=first_ranks).values_list("person", "started_at")
    )
    person = min(first_ranks, key=lambda one: build_turn_key(last_starts.get(one), first_ranks[one], one))
    own = waiting.filter(created_by=person) if person else waiting.filter(created_by=None)
    return own.order_by("queue_rank", "pk").first()


def build_turn_key(last_start: datetime | None, first_rank: datetime, person: int) -> TurnKey:
    """Return the key that orders people by their turns: those who have never started anything come first."""
    if last_start is None:
        return (0, 0.0, first_rank.timestamp(), person)
    return (1, last_start.timestamp(), first_rank.timestamp(), person)


def record_start(*, connection_id: int, person: int | None, at: datetime) -> None:
    """Record that a job of the person was started. The caller holds a lock on the connection."""
    LastStart.objects.update_or_create(connection_id=connection_id, person=person or 0, defaults={"started_at": at})
