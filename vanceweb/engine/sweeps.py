"""What the sweeper does for the engine at each of its ticks. Every function may run in several processes at once."""

from datetime import timedelta
from typing import TypeVar

from django.conf import settings
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django_tasks.base import Task

from vanceweb.engine.completion import TransformMovedOn, end_transform
from vanceweb.engine.models import QueuedWork, Transform, Upload, WebhookDelivery
from vanceweb.engine.tasks import deliver_webhook, run_transform
from vanceweb.lib.leases import filter_due

Row = TypeVar("Row", bound=QueuedWork)

# Rows that one tick looks at, so that no tick lasts long; the next one goes on.
BATCH = 100


def requeue_due_work() -> None:
    """Wakes the queue for rows that are due and held by nobody: their message, or their worker, was lost.

    A row is woken again at once when its lease has run out since the last time, and else only each
    `ENGINE_REQUEUE_SECONDS`, so that a long queue isn't filled with copies.
    """
    _wake(filter_due(Transform.objects.all(), Transform.UNFINISHED), run_transform)
    _wake(filter_due(WebhookDelivery.objects.all(), WebhookDelivery.UNFINISHED), deliver_webhook)


def fail_overdue_transforms() -> None:
    """Ends runs that are long past the limit: the worker hangs within one tile and can't notice by itself."""
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
    """Removes results and uploads that are older than `ENGINE_KEEP_SECONDS`. The ledger is kept.

    Files go first and rows after them, so that a row always stands for whatever may be left.
    """
    oldest = timezone.now() - timedelta(seconds=settings.ENGINE_KEEP_SECONDS)
    for transform in Transform.objects.filter(finished_at__lt=oldest)[:BATCH]:
        for attempt in range(1, transform.attempts + 1):
            storages["engine"].delete(transform.file_name(attempt))
        transform.delete()
    needed = Transform.objects.unfinished().filter(upload__isnull=False).values("upload_id")
    for upload in Upload.objects.filter(created_at__lt=oldest).exclude(pk__in=needed)[:BATCH]:
        storages["engine"].delete(upload.file_name)
        upload.delete()


def _wake(rows: QuerySet[Row], task: Task[[int], None]) -> None:
    stale = timezone.now() - timedelta(seconds=settings.ENGINE_REQUEUE_SECONDS)
    asleep = rows.filter(Q(woken_at__lt=stale) | Q(woken_at__lt=F("lease_until")))
    for pk, woken_at in asleep.order_by("pk").values_list("pk", "woken_at")[:BATCH]:
        with transaction.atomic():
            # Of several sweepers, the one that changes the time is the one that wakes.
            if rows.filter(pk=pk, woken_at=woken_at).update(woken_at=timezone.now()) == 1:
                task.enqueue(pk)
