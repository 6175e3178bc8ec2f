"""Webhooks of services on the network: hints that a job may have ended.

Nobody proves who sends a hint, and its body isn't read. It only has the service asked sooner, and not more often than
at the usual pace.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from vanceweb.jobs.hook_urls import hash_secret
from vanceweb.jobs.models import Job, ServicePoll
from vanceweb.jobs.service_polls import REMOTE_POLL_SECONDS
from vanceweb.jobs.tasks import wake_poll_worker


class UnknownHook(Exception):
    """No transform has this secret."""


def receive_hint(secret: str) -> None:
    """Have the service of the transform with this secret asked soon. Raise UnknownHook.

    A hint about a job that waits for nothing does nothing, nor does one for a service that is asked soon anyway.
    """
    job = Job.objects.filter(hook_digest=hash_secret(secret)).only("state", "connection_id").first()
    if job is None:
        raise UnknownHook
    if job.state != Job.State.PROCESSING:
        return
    poll = ServicePoll.objects.filter(connection=job.connection_id).first()
    if poll is None:
        return
    now = timezone.now()
    soon = now if poll.polled_at is None else max(now, poll.polled_at + timedelta(seconds=REMOTE_POLL_SECONDS))
    # A poll that is running may have asked about the job already: it is repeated.
    asked = Q(lease_until__gte=now, not_before__lte=F("polled_at"))
    with transaction.atomic():
        moved = ServicePoll.objects.filter(Q(not_before__gt=soon) | asked, pk=poll.pk).update(not_before=soon)
        if moved and soon <= now:
            ServicePoll.objects.filter(pk=poll.pk).update(woken_at=now)
            wake_poll_worker()
