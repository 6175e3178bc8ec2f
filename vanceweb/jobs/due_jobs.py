"""The choice of the job that a worker takes next."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from vanceweb.jobs.models import Job
from vanceweb.jobs.order import find_next_job, record_start
from vanceweb.jobs.places import count_taken_places, get_places
from vanceweb.lib.call_slots import IsFree, find_service_name
from vanceweb.lib.leases import Lease, claim, filter_due
from vanceweb.vault.models import Connection

# The states of jobs that were started and aren't waiting for their turn.
BEGUN = (*Job.IN_PLACE, Job.State.DOWNLOADING)
# Another process may take the chosen row first. After this many the sweeper's next message finds what is left.
MOST_TRIES = 20


def filter_due_begun(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """Return the due jobs that were started."""
    return filter_due(jobs, BEGUN)


def filter_due_notices(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """Return the due jobs that ended here and whose service hasn't been asked to cancel them."""
    return filter_due(jobs, Job.ENDED).filter(cancel_requested=True)


def filter_due_waiting(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """Return the due jobs that wait to be started."""
    return filter_due(jobs, [Job.State.QUEUED])


def take_due_job(is_free: IsFree) -> tuple[str, tuple[Job, Lease[Job]]] | None:
    """Claim the most overdue job that was started, or else start one that waits and has a place. None: nothing is due.

    Services for which `is_free` is false are skipped. Return the service's name and the job as it was seen.
    """
    return _take_begun(is_free) or _take_waiting(is_free)


def claim_job(seen: Job) -> Lease[Job] | None:
    """Claim the job in the state in which it was seen. Return None if it has changed or isn't due."""
    fields: dict[str, Any] = {} if seen.has_ended else {"started_at": Coalesce("started_at", timezone.now())}
    return claim(
        Job.objects.all(),
        pk=seen.pk,
        states=[seen.state],
        duration=timedelta(seconds=settings.LEASE_SECONDS),
        # After an expired lease, the claim is a new attempt at what killed the last worker.
        is_attempt=seen.is_active and (not seen.is_being_polled or seen.lease_until is not None),
        **fields,
    )


def _take_begun(is_free: IsFree) -> tuple[str, tuple[Job, Lease[Job]]] | None:
    busy: list[str] = []
    for _ in range(MOST_TRIES):
        seen = _find_most_overdue(busy)
        if seen is None:
            return None
        base_url = seen.connection.base_url if seen.connection else ""
        service = find_service_name(base_url)
        if not is_free(service):
            busy.append(base_url)
        elif (lease := claim_job(seen)) is not None:
            return service, (seen, lease)
    return None


def _find_most_overdue(busy: list[str]) -> Job | None:
    """Return the job that has been due for the longest, without those at the base URLs `busy`."""
    jobs = Job.objects.with_connection().exclude(connection__base_url__in=busy).order_by("not_before", "pk")
    found = [job for job in (filter_due_begun(jobs).first(), filter_due_notices(jobs).first()) if job is not None]
    return min(found, key=lambda job: (job.not_before or timezone.now(), job.pk), default=None)


def _take_waiting(is_free: IsFree) -> tuple[str, tuple[Job, Lease[Job]]] | None:
    for connection_id, base_url, _free in _list_queues():
        service = find_service_name(base_url)
        if is_free(service) and (started := _start_next_job(connection_id)) is not None:
            return service, started
    return None


def count_free_places() -> dict[int | None, int]:
    """Return the number of free places of the connections at which jobs wait, without those that have none."""
    return {pk: free for pk, _base_url, free in _list_queues()}


def _list_queues() -> list[tuple[int | None, str, int]]:
    """Return the connections with waiting jobs and free places: their ids, base URLs and free places, in their order.

    Each is looked up by its first job, so the number of waiting jobs costs nothing.
    """
    waiting = filter_due_waiting(Job.objects.order_by("queue_rank"))
    first = Subquery(waiting.filter(connection=OuterRef("pk")).values("queue_rank")[:1])
    connections = Connection.objects.alias(first=first).filter(first__isnull=False).order_by("first")
    queues = list(connections.values_list("pk", "service", "base_url"))
    taken = count_taken_places(pk for pk, *_ in queues) if queues else {}
    free: list[tuple[int | None, str, int]] = [
        (pk, base_url, get_places(service) - taken.get(pk, 0)) for pk, service, base_url in queues
    ]
    if waiting.filter(connection=None).exists():
        # Without its connection, a job only has to fail.
        free.insert(0, (None, "", 1))
    return [queue for queue in free if queue[2] > 0]


def _start_next_job(connection_id: int | None) -> tuple[Job, Lease[Job]] | None:
    """Claim the next waiting job of the connection if it still has a free place.

    The lock on the connection makes the workers of all processes choose one after another.
    """
    waiting = filter_due_waiting(Job.objects.filter(connection=connection_id))
    if connection_id is None:
        gone = waiting.order_by("queue_rank").first()
        lease = claim_job(gone) if gone is not None else None
        return None if gone is None or lease is None else (gone, lease)
    with transaction.atomic():
        locked = Connection.objects.without_token().select_for_update(no_key=True, of=("self",))
        connection = locked.filter(pk=connection_id).first()
        if connection is None:
            return None
        if count_taken_places([connection_id]).get(connection_id, 0) >= get_places(connection.service):
            return None
        chosen = find_next_job(waiting, connection_id)
        lease = claim_job(chosen) if chosen is not None else None
        if chosen is None or lease is None:
            return None
        record_start(connection_id=connection_id, person=chosen.created_by_id, at=timezone.now())
        return chosen, lease
