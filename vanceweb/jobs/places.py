"""Places at a connection: the jobs that its service has at a time. The others wait on this site, in their order.

A job takes a place when it is started, and frees it when its service has ended the work. A job that goes back to its
service after a retry or a hold needs no free place: the service has it already.
"""

from collections import Counter
from collections.abc import Callable, Iterable

from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from vanceweb.jobs.models import Job
from vanceweb.lib.leases import filter_due
from vanceweb.vault.models import Connection


def get_places(service: str) -> int:
    """Return the number of places at a connection of this kind of service."""
    if service == Connection.Service.BUNDLED:
        return int(settings.BUNDLED_JOBS_AT_ONCE)
    return int(settings.HOSTED_JOBS_AT_ONCE)


def count_taken_places(connection_ids: Iterable[int]) -> Counter[int]:
    """Return the number of occupied places by connection. Two queries."""
    of_connections = Job.objects.order_by().filter(connection__in=list(connection_ids))
    taken: Counter[int] = Counter()
    # A worker has begun the queued jobs that are leased.
    starting = of_connections.filter(state=Job.State.QUEUED, lease_until__gte=timezone.now())
    for jobs in (of_connections.filter(state__in=Job.IN_PLACE), starting):
        for pk, number in jobs.values_list("connection_id").annotate(Count("pk")):
            taken[pk or 0] += number
    return taken


def wake_next_job(connection_id: int | None, wake: Callable[[], object]) -> None:
    """Wake a worker if a job waits for a place at the connection. Call it in the transaction that frees one."""
    waiting = filter_due(Job.objects.filter(connection=connection_id), [Job.State.QUEUED])
    if connection_id is not None and waiting.exists():
        wake()
