"""The engine's tasks. Each takes an id and calls one service, and can run twice without harm."""

from django_tasks import task

from vanceweb.engine import webhooks


@task(queue_name="engine")
def run_transform(pk: int) -> None:
    """Execute a transform, unless it has ended or another worker holds it."""
    # Every process of the site knows this task, but only the worker that runs it needs OpenCV, ncnn and onnxruntime.
    from vanceweb.engine import execution

    delivery = execution.execute_transform(pk)
    if delivery is not None:
        deliver_webhook.enqueue(delivery.pk)


@task(queue_name="io")
def deliver_webhook(pk: int) -> None:
    """Attempt a delivery once. If it failed and attempts are left, schedule the next one."""
    next_attempt = webhooks.attempt_delivery(pk)
    if next_attempt is not None:
        deliver_webhook.using(run_after=next_attempt).enqueue(pk)
