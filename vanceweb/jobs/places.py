"""Places at a connection: the jobs that its service has at a time. The others wait on this site, in their order.

A job takes a place when it is started, and frees it when its service has ended the work. A job that goes back to its
service after a retry or a hold needs no free place: the service has it already.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone

from vanceweb.jobs.models import Job
from vanceweb.lib.leases import filter_due
from vanceweb.vault.models import Connection


def get_places(service: str) -> int:
    """Return the number of places at a connection of this kind of service."""
    if service == Connection.Service.BUNDLED:
        return int(settings.BUNDLED_JOBS_AT_ONCE)
    return int(settings.HOSTED_JOBS_AT_ONCE)


def is_in_place(now: datetime) -> Q:
    """Return the condition for jobs that occupy a place: with a worker that has begun them counts as begun."""
    return Q(state__in=Job.IN_PLACE) | Q(state=Job.State.QUEUED, lease_until__gte=now)


def count_taken_places(connection_ids: Iterable[int]) -> dict[int, int]:
    """Return the number of occupied places by connection, without those that have none. One query."""
    taken = Job.objects.filter(is_in_place(timezone.now()), connection__in=list(connection_ids))
    counts = taken.order_by().values_list("connection_id").annotate(Count("pk"))
    return {pk: number for pk, number in counts if pk is not None}


def wake_next_job(connection_id: int | None, wake: Callable[[], object]) -> None:
    """Wake a worker if a job waits for a place at the connection. Call it in the transaction that frees one."""
    waiting = filter_due(Job.objects.filter(connection=connection_id), [Job.State.QUEUED])
    if connection_id is not None and waiting.exists():
        wake()
