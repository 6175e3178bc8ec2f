"""The sweeper's work on the engine's rows. Every function may run in several processes at the same time."""

from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.core.files.storage import storages
from django.utils import timezone

from vanceweb.engine.completion import TransformMovedOn, end_transform
from vanceweb.engine.models import Transform, Upload, WebhookDelivery
from vanceweb.engine.tasks import deliver_webhooks, run_transforms
from vanceweb.lib.leases import filter_due
from vanceweb.lib.row_faults import run_for_each
from vanceweb.lib.wakeups import wake_due_rows

# The number of rows per tick, which keeps ticks short. The next tick continues.
BATCH = 100


def wake_due_transforms() -> int:
    """Wake workers for transforms whose message or worker was lost. Return the number of messages."""
    return wake_due_rows(filter_due(Transform.objects.all(), Transform.UNFINISHED), run_transforms.enqueue)


def wake_due_deliveries() -> int:
    """Wake workers for deliveries whose next attempt is due. Return the number of messages."""
    return wake_due_rows(
        filter_due(WebhookDelivery.objects.all(), WebhookDelivery.UNFINISHED), deliver_webhooks.enqueue
    )


def fail_overdue_transforms() -> None:
    """End runs that are long past the limit: their worker hangs within a tile and can't notice it."""
    margin = timedelta(seconds=settings.ENGINE_MAX_RUN_SECONDS + settings.LEASE_SECONDS)
    overdue = Transform.objects.filter(state=Transform.State.RUNNING, started_at__lt=timezone.now() - margin)

    def fail(pk: int) -> None:
        with suppress(TransformMovedOn):
            end_transform(
                overdue.filter(pk=pk), state=Transform.State.FAILED, message="The job took too long and was stopped."
            )

    run_for_each("Ending overdue transforms", overdue, fail, limit=BATCH)


def delete_expired_files() -> None:
    """Delete results and uploads that are older than `ENGINE_KEEP_SECONDS`. The ledger is kept.

    Files are deleted before their rows, so that every remaining file has a row.
    """
    oldest = timezone.now() - timedelta(seconds=settings.ENGINE_KEEP_SECONDS)
    ended = Transform.objects.filter(finished_at__lt=oldest)
    run_for_each("Deleting an expired result", ended, _delete_transform, limit=BATCH)
    needed = Transform.objects.unfinished().filter(upload__isnull=False).values("upload_id")
    unused = Upload.objects.filter(created_at__lt=oldest).exclude(pk__in=needed)
    run_for_each("Deleting an expired upload", unused, _delete_upload, limit=BATCH)


def _delete_transform(pk: int) -> None:
    transform = Transform.objects.get(pk=pk)
    for attempt in range(1, transform.attempts + 1):
        storages["engine"].delete(transform.get_result_path(attempt))
    transform.delete()


def _delete_upload(pk: int) -> None:
    upload = Upload.objects.get(pk=pk)
    storages["engine"].delete(upload.file_name)
    upload.delete()
