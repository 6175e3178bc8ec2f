"""Background tasks of the usage page."""

from django_tasks import task

from vanceweb.usage import history_sync


@task(queue_name="io")
def sync_history(connection_id: int) -> None:
    history_sync.sync_history(connection_id)
