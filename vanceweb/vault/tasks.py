"""Background tasks of the vault."""

from django_tasks import task

from vanceweb.vault import connection_check


@task(queue_name="io")
def refresh_balance(connection_id: int) -> None:
    connection_check.refresh_balance(connection_id)
