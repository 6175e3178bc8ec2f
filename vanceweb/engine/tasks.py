"""What the queues call. Each task takes an id and calls one service; all of them may be called twice without harm."""

from django_tasks import task

from vanceweb.engine import execution, webhooks


@task(queue_name="engine")
def run_transform(pk: int) -> None:
    """Works on a transform, unless another worker does or it has ended."""
    delivery = execution.execute_transform(pk)
    if delivery is not None:
        deliver_webhook.enqueue(delivery.pk)


@task(queue_name="io")
def deliver_webhook(pk: int) -> None:
    """Tries a delivery once, and puts the next try in the queue when it failed and tries are left."""
    next_try = webhooks.attempt_delivery(pk)
    if next_try is not None:
        deliver_webhook.using(run_after=next_try).enqueue(pk)
