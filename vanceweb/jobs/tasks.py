"""The background tasks of jobs. A message names no row: each task takes the best one that is due."""

from django_tasks import task

from vanceweb.jobs import polling, worker


@task(queue_name="io")
def advance_jobs() -> None:
    """Work on the job that is most overdue, or start one that waits."""
    worker.advance_due_job(wake=wake_job_worker)


@task(queue_name="io")
def poll_services() -> None:
    """Ask one service for the progress of its jobs."""
    polling.poll_due_service(wake_job=wake_job_worker, wake_poll=wake_poll_worker)


def wake_job_worker() -> None:
    """Send a message that a job is due. Call it in the transaction that makes it due."""
    advance_jobs.enqueue()


def wake_poll_worker() -> None:
    """Send a message that a service is to be asked."""
    poll_services.enqueue()
