"""The engine's tasks. Each takes the best due row, if there is one, and can run twice without harm."""

from django_tasks import task

from vanceweb.engine import webhooks


@task(queue_name="engine")
def run_transforms() -> None:
    """Execute the transform whose turn it is."""
    # Every process of the site knows this task, but only the worker that runs it needs OpenCV, ncnn and onnxruntime.
    from vanceweb.engine import execution

    execution.execute_next_transform()


@task(queue_name="io")
def deliver_webhooks() -> None:
    """Attempt the most overdue delivery once."""
    # Others may have found no free slot, and their messages are gone.
    if webhooks.attempt_next_delivery() and webhooks.has_due_deliveries():
        deliver_webhooks.enqueue()
