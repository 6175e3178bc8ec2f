"""What the sweeper does for jobs."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from vanceweb.jobs.models import Job
from vanceweb.jobs.services import end_active_jobs
from vanceweb.jobs.tasks import wake
from vanceweb.lib.leases import filter_due

OVERDUE = "The job took longer than this site waits, and was given up."


def requeue_due_jobs() -> None:
    """Wakes a worker for jobs whose time has come and whose message got lost, with the worker that had it or alone."""
    _wake_again(filter_due(Job.objects.all(), Job.MOVING))
    recently = timezone.now() - timedelta(seconds=settings.JOB_CANCEL_NOTICE_SECONDS)
    _wake_again(Job.objects.filter(state__in=Job.ENDED, cancel_requested=True, finished_at__gt=recently))


def fail_overdue_jobs() -> None:
    """Ends jobs that have been moving for too long."""
    longest = timedelta(seconds=settings.JOB_MAX_RUN_SECONDS)
    overdue = Job.objects.filter(state__in=Job.MOVING, submitted_at__lt=timezone.now() - longest)
    for pk in overdue.values_list("pk", flat=True):
        with transaction.atomic():
            if end_active_jobs(overdue.filter(pk=pk), state=Job.State.FAILED, error=OVERDUE, error_code=None):
                wake(pk, timezone.now())


def _wake_again(jobs: QuerySet[Job]) -> None:
    now = timezone.now()
    lost = jobs.filter(woken_at__lt=now - timedelta(seconds=settings.JOB_REWAKE_SECONDS))
    for pk in lost.values_list("pk", flat=True):
        with transaction.atomic():
            if lost.filter(pk=pk).update(woken_at=now):
                wake(pk, now)
