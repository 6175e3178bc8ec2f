"""Finding the ends of jobs that webhooks are to be told of.

A sweep looks for them, instead of a call where jobs end: jobs end in many places, one of them for many rows at once,
and the room of jobs knows nothing of this one. Nothing can be forgotten, and it costs one short query for each webhook.
A job's end may become visible after that of a later one, so each sweep looks back a little, and a unique constraint
keeps it from telling anything twice.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from vanceweb.api.models import Webhook, WebhookDelivery, WebhookEvent
from vanceweb.api.representations import describe_job, to_json_text
from vanceweb.jobs.models import Job
from vanceweb.lib.row_faults import run_for_each
from vanceweb.vault.models import Connection

EVENTS: Mapping[str, WebhookEvent] = {
    Job.State.DONE: WebhookEvent.JOB_DONE,
    Job.State.FAILED: WebhookEvent.JOB_FAILED,
    Job.State.CANCELLED: WebhookEvent.JOB_CANCELLED,
}
# Longer than any transaction that ends a job.
LOOK_BACK = timedelta(seconds=60)
# Ends told to one webhook in one sweep; the next one continues.
BATCH = 200
MOST_WEBHOOKS = 1000


def create_due_deliveries(wake: Callable[[], object]) -> None:
    """Create a delivery for each end of a job that an active webhook hasn't been told of."""

    def create(pk: int) -> None:
        webhook = Webhook.objects.filter(pk=pk).first()
        if webhook is not None and _create_deliveries(webhook):
            wake()

    run_for_each("Telling a webhook", Webhook.objects.filter(is_active=True), create, limit=MOST_WEBHOOKS)


@transaction.atomic
def _create_deliveries(webhook: Webhook) -> int:
    """Create the deliveries of one webhook and return their number."""
    now = timezone.now()
    since = max(webhook.created_at, webhook.looked_until - LOOK_BACK)
    jobs = list(_find_untold(webhook, since)[:BATCH])
    deliveries = [_build_delivery(webhook, job) for job in jobs]
    WebhookDelivery.objects.bulk_create(deliveries, ignore_conflicts=True)
    last = jobs[-1].finished_at if len(jobs) == BATCH else now
    Webhook.objects.filter(pk=webhook.pk).update(looked_until=last)
    return len(deliveries)


def _find_untold(webhook: Webhook, since: datetime) -> QuerySet[Job]:
    """Return the team's jobs, none of them private, that ended since then, by an index of the connections' jobs."""
    states = [state for state, event in EVENTS.items() if event.value in webhook.events]
    connections = Connection.objects.filter(team=webhook.team_id).values_list("pk", flat=True)
    told = WebhookDelivery.objects.filter(webhook=webhook, job_uuid=OuterRef("uuid"), ended_at=OuterRef("finished_at"))
    at_team = Q(connection__in=list(connections)) | Q(connection=None)
    ended = Job.objects.filter(at_team, team=webhook.team_id, finished_at__gte=since, state__in=states)
    ended = ended.filter(~Exists(told), private_to=None).with_pictures()
    return ended.select_related("result__created_by").order_by("finished_at", "pk")


def _build_delivery(webhook: Webhook, job: Job) -> WebhookDelivery:
    # The whole team reads what it is told: somebody's private picture isn't part of it.
    if job.result is not None and job.result.is_private:
        job.result = None
    if job.source is not None and job.source.is_private:
        job.source = None
    event = EVENTS[job.state]
    ended_at = job.finished_at or timezone.now()
    delivery = WebhookDelivery(webhook=webhook, event=event.value, job_uuid=job.uuid, ended_at=ended_at)
    delivery.body = to_json_text(
        {
            "id": delivery.uuid,
            "event": event.value,
            "created_at": ended_at,
            "team": webhook.team.slug,
            "job": describe_job(job),
        }
    )
    return delivery


def can_be_told(delivery: WebhookDelivery) -> bool:
    """Return whether the job may still be told of: it isn't private. One that was deleted happened all the same."""
    return not Job.objects.filter(uuid=delivery.job_uuid).exclude(private_to=None).exists()
