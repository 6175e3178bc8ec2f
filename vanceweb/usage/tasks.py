"""Background tasks of usage. A message names no row: each task takes the most overdue one."""

from django_tasks import task

from vanceweb.usage import exports, history_sync


@task(queue_name="io")
def sync_histories() -> None:
    """Read the most overdue history."""
    if history_sync.sync_next_history():
        sync_histories.enqueue()


@task(queue_name="io")
def write_exports() -> None:
    """Write the export that has been due longest."""
    if exports.write_next_export():
        write_exports.enqueue()
