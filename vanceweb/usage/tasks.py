"""The usage pages' work in the background."""

from django_tasks import task

from vanceweb.usage import history_sync


@task(queue_name="io")
def sync_history(connection_id: int) -> None:
    history_sync.sync_history(connection_id)
