"""The jobs' work in the background."""

from datetime import datetime

from django_tasks import task

from vanceweb.jobs.worker import advance_job


@task(queue_name="io")
def advance(job_id: int) -> None:
    advance_job(job_id, wake=wake)


def wake(job_id: int, at: datetime) -> None:
    """Has a worker look at the job at that moment."""
    advance.using(run_after=at).enqueue(job_id)
