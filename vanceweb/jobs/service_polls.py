"""The schedule of polls: when each connection is asked next for the progress of its jobs."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from vanceweb.jobs.models import ServicePoll
from vanceweb.vault.models import Connection

# The contract's "about every 2 s" for services on the network. The pauses double while nothing changes.
REMOTE_POLL_SECONDS = 2.0
# The end of a job is noticed at most this late. Services with many waiting jobs are asked no more often.
LONGEST_POLL_SECONDS = 30.0
# The bundled engine tells when a job ends. Its percentages are asked for again this late after a rest.
LONGEST_BUNDLED_POLL_SECONDS = 4.0
# More make no difference to LONGEST_POLL_SECONDS.
MOST_DOUBLINGS = 10


def compute_poll_pause(connection: Connection, *, unchanged: int = 0) -> float:
    """Return the seconds between two polls, after this many in a row that found nothing new."""
    first, longest = REMOTE_POLL_SECONDS, LONGEST_POLL_SECONDS
    if connection.is_bundled:
        first, longest = float(settings.JOB_POLL_SECONDS), LONGEST_BUNDLED_POLL_SECONDS
    return float(max(first, min(first * 2 ** min(unchanged, MOST_DOUBLINGS), longest)))


def schedule_poll(connection: Connection) -> None:
    """Have the connection polled soon, since it has a new job. Call it in the transaction that parks the job.

    The lock lets the poll that ends at this moment see the job, or this function see that it has ended.
    """
    ServicePoll.objects.get_or_create(connection=connection, defaults={"not_before": None})
    poll = ServicePoll.objects.select_for_update().get(connection=connection)
    wanted = timezone.now() + timedelta(seconds=compute_poll_pause(connection))
    # A running poll reads the time at its end.
    if poll.not_before is None or poll.not_before > wanted or poll.lease_token is not None:
        poll.not_before = wanted
    ServicePoll.objects.filter(pk=poll.pk).update(not_before=poll.not_before, unchanged=0)
