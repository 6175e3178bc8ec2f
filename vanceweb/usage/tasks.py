"""The usage pages' work in the background."""

from django_tasks import task

from vanceweb.usage import syncing


@task(queue_name="io")
def sync_history(connection_id: int) -> None:
    syncing.sync_history(connection_id)
