"""The background tasks of jobs."""

from datetime import datetime

from django_tasks import task

from vanceweb.jobs.worker import advance_job


@task(queue_name="io")
def advance(job_id: int) -> None:
    advance_job(job_id, wake=wake)


def wake(job_id: int, at: datetime) -> None:
    """Schedule the job's next turn."""
    advance.using(run_after=at).enqueue(job_id)
