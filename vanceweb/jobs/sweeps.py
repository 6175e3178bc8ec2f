"""The sweeper's work on jobs."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vanceweb.jobs.claims import REWAKE_SECONDS
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import end_active_jobs
from vanceweb.jobs.tasks import wake
from vanceweb.lib.leases import filter_due

# The site retries for this long to notify a service of a cancelled job.
CANCEL_NOTICE_SECONDS = 600
OVERDUE = _("The job was stopped because it took longer than this site waits.")


def requeue_due_jobs() -> None:
    """Wake a worker for due jobs whose message was lost, and for cancellations that the service hasn't received."""
    _wake_again(filter_due(Job.objects.all(), Job.ACTIVE))
    recently = timezone.now() - timedelta(seconds=CANCEL_NOTICE_SECONDS)
    _wake_again(Job.objects.filter(state__in=Job.ENDED, cancel_requested=True, finished_at__gt=recently))


def fail_overdue_jobs() -> None:
    """End jobs that have taken too long since a worker began them. A job that still waits for one isn't overdue."""
    longest = timedelta(seconds=settings.JOB_MAX_RUN_SECONDS)
    overdue = Job.objects.filter(state__in=Job.ACTIVE, started_at__lt=timezone.now() - longest)
    for pk in overdue.values_list("pk", flat=True):
        with transaction.atomic():
            if end_active_jobs(overdue.filter(pk=pk), state=Job.State.FAILED, error=str(OVERDUE), error_code=None):
                wake(pk, timezone.now())


def _wake_again(jobs: QuerySet[Job]) -> None:
    now = timezone.now()
    lost = jobs.filter(woken_at__lt=now - timedelta(seconds=REWAKE_SECONDS))
    for pk in lost.values_list("pk", flat=True):
        with transaction.atomic():
            if lost.filter(pk=pk).update(woken_at=now):
                wake(pk, now)
