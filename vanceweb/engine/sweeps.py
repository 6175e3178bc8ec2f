"""The sweeper's work on the engine's rows. Every function may run in several processes at the same time."""

from datetime import timedelta
from typing import TypeVar

from django.conf import settings
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django_tasks.base import Task

from vanceweb.engine.completion import TransformMovedOn, end_transform
from vanceweb.engine.models import REQUEUE_SECONDS, Transform, Upload, WebhookDelivery
from vanceweb.engine.tasks import deliver_webhook, run_transform
from vanceweb.lib.leases import LeasedModel, filter_due

Row = TypeVar("Row", bound=LeasedModel)

# The number of rows per tick, which keeps ticks short. The next tick continues.
BATCH = 100


def requeue_due_work() -> None:
    """Enqueue rows again that are due and not leased: their message or their worker was lost.

    A row is enqueued again at once if its lease has expired since the last time, otherwise at most once per
    `REQUEUE_SECONDS`, so that a long queue doesn't fill up with duplicates.
    """
    _wake(filter_due(Transform.objects.all(), Transform.UNFINISHED), run_transform)
    _wake(filter_due(WebhookDelivery.objects.all(), WebhookDelivery.UNFINISHED), deliver_webhook)


def fail_overdue_transforms() -> None:
    """End runs that are long past the limit: their worker hangs within a tile and can't notice it."""
    margin = timedelta(seconds=settings.ENGINE_MAX_RUN_SECONDS + settings.LEASE_SECONDS)
    overdue = Transform.objects.filter(state=Transform.State.RUNNING, started_at__lt=timezone.now() - margin)
    for pk in overdue.values_list("pk", flat=True)[:BATCH]:
        with transaction.atomic():
            try:
                delivery = end_transform(
                    overdue.filter(pk=pk),
                    state=Transform.State.FAILED,
                    message="The job took too long and was stopped.",
                )
            except TransformMovedOn:
                continue
            if delivery is not None:
                deliver_webhook.enqueue(delivery.pk)


def delete_expired_files() -> None:
    """Delete results and uploads that are older than `ENGINE_KEEP_SECONDS`. The ledger is kept.

    Files are deleted before their rows, so that every remaining file has a row.
    """
    oldest = timezone.now() - timedelta(seconds=settings.ENGINE_KEEP_SECONDS)
    for transform in Transform.objects.filter(finished_at__lt=oldest)[:BATCH]:
        for attempt in range(1, transform.attempts + 1):
            storages["engine"].delete(transform.get_result_path(attempt))
        transform.delete()
    needed = Transform.objects.unfinished().filter(upload__isnull=False).values("upload_id")
    for upload in Upload.objects.filter(created_at__lt=oldest).exclude(pk__in=needed)[:BATCH]:
        storages["engine"].delete(upload.file_name)
        upload.delete()


def _wake(rows: QuerySet[Row], task: Task[[int], None]) -> None:
    stale = timezone.now() - timedelta(seconds=REQUEUE_SECONDS)
    asleep = rows.filter(Q(woken_at__lt=stale) | Q(woken_at__lt=F("lease_until")))
    for pk, woken_at in asleep.order_by("pk").values_list("pk", "woken_at")[:BATCH]:
        with transaction.atomic():
            # Of several sweepers, only the one that updates the row enqueues it.
            if rows.filter(pk=pk, woken_at=woken_at).update(woken_at=timezone.now()) == 1:
                task.enqueue(pk)
