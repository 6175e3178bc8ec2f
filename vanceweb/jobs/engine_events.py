"""Events of the bundled engine."""

from django.utils import timezone

from vanceweb.jobs.models import Job
from vanceweb.jobs.tasks import wake_job_worker


def wake_job_of_transform(trans_id: str) -> None:
    """Make the job of a transform that has ended due, and wake a worker. Called in the engine's transaction.

    Do nothing if no job waits for the transform: it may be another program's, or the job doesn't know its id yet. Then
    the poll finds its end.
    """
    now = timezone.now()
    waiting = Job.objects.filter(state=Job.State.PROCESSING, trans_id=trans_id)
    if waiting.update(not_before=now, woken_at=now):
        wake_job_worker()
