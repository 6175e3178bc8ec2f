"""The vault's work in the background."""

from django_tasks import task

from vanceweb.vault import checking


@task(queue_name="io")
def refresh_balance(connection_id: int) -> None:
    checking.refresh_balance(connection_id)
