"""The API's background tasks. A message names no row: each task takes the most overdue one."""

from django_tasks import task

from vanceweb.api import picture_fetches, webhook_deliveries


@task(queue_name="io")
def fetch_pictures() -> None:
    """Fetch the most overdue picture."""
    # Others may have found no free slot, and their messages are gone.
    if picture_fetches.fetch_next_picture() and picture_fetches.has_due_fetches():
        fetch_pictures.enqueue()


@task(queue_name="io")
def deliver_events() -> None:
    """Attempt the most overdue delivery to a webhook once."""
    if webhook_deliveries.attempt_next_delivery() and webhook_deliveries.has_due_deliveries():
        deliver_events.enqueue()


def wake_fetch_worker() -> None:
    """Send a message that a picture is to be fetched. Call it in the transaction that makes it due."""
    fetch_pictures.enqueue()


def wake_delivery_worker() -> None:
    """Send a message that a delivery is due. Call it in the transaction that makes it due."""
    deliver_events.enqueue()
