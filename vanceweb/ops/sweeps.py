"""Housekeeping of the task queue."""

from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

# For tasks that a killed worker left as running; longer than any real task takes.
LOST_TASK_SECONDS = 24 * 3600
# A running job creates about three hundred rows in this time, which no query notices.
PRUNE_SECONDS = 300.0


def remove_old_tasks() -> None:
    """Delete rows of tasks that ended a while ago or that a killed worker left as running.

    A task only wakes a worker up; the sweeps of its room find the work of a lost one. Run at most once in
    PRUNE_SECONDS.
    """
    if not cache.add("ops.remove_old_tasks", True, PRUNE_SECONDS):
        return
    now = timezone.now()
    DBTaskResult.objects.finished().filter(finished_at__lt=now - timedelta(seconds=settings.TASK_KEEP_SECONDS)).delete()
    DBTaskResult.objects.running().filter(started_at__lt=now - timedelta(seconds=LOST_TASK_SECONDS)).delete()
