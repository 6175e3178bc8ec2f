"""Background tasks of the vault."""

from django_tasks import task

from vanceweb.vault.connection_check import check_next_connection


@task(queue_name="io")
def check_connections() -> None:
    """Check the most overdue connection."""
    if check_next_connection():
        check_connections.enqueue()
