"""The wake-ups of all kinds of work, and housekeeping of the task queue."""

from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from django.utils.module_loading import import_string

from vanceweb.lib import wakeups
from vanceweb.lib.repeated_failures import RepeatedFailures
from vanceweb.ops import embedded_queue

# For tasks that a killed worker left as running; longer than any real task takes.
LOST_TASK_SECONDS = 24 * 3600
# A running job creates about three hundred rows in this time, which no query notices.
PRUNE_SECONDS = 300.0
_failures = RepeatedFailures()


def wake_due_rows_of_all_kinds() -> None:
    """Send messages for the due rows of each kind in WAKEUPS. The failure of one kind doesn't stop the others.

    A kind with many messages in the queue gets no more, however long its rows wait for a worker.
    """
    waiting = embedded_queue.count_waiting()
    for task, wake in settings.WAKEUPS.items():
        if waiting.get(task, 0) >= wakeups.BATCH:
            continue
        try:
            import_string(wake)()
        except Exception:
            _failures.log_exception(f"The wake-up {wake}")


def remove_old_tasks() -> None:
    """Delete messages of tasks that ended a while ago or that a killed worker left as running.

    A task only wakes a worker up; the sweeps of its room find the work of a lost one. Run at most once in
    PRUNE_SECONDS.
    """
    if not cache.add("ops.remove_old_tasks", True, PRUNE_SECONDS):
        return
    now = timezone.now()
    embedded_queue.delete_old_messages(
        ended_before=now - timedelta(seconds=settings.TASK_KEEP_SECONDS),
        started_before=now - timedelta(seconds=LOST_TASK_SECONDS),
    )
