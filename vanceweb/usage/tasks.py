"""Background tasks of the usage page."""

from django_tasks import task

from vanceweb.usage.history_sync import sync_next_history


@task(queue_name="io")
def sync_histories() -> None:
    """Read the most overdue history."""
    if sync_next_history():
        sync_histories.enqueue()
