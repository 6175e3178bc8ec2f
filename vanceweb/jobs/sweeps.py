"""The sweeper's work on jobs."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vanceweb.catalogue.steps import collect_guide_uids
from vanceweb.gallery.models import Asset
from vanceweb.gallery.services import delete_asset
from vanceweb.jobs.due_jobs import count_free_places, filter_due_begun, filter_due_notices, filter_due_waiting
from vanceweb.jobs.models import Job, ServicePoll
from vanceweb.jobs.services import complete_end, end_active_jobs
from vanceweb.jobs.tasks import wake_job_worker, wake_poll_worker
from vanceweb.lib.leases import filter_due
from vanceweb.lib.row_faults import run_for_each
from vanceweb.lib.wakeups import REWAKE_SECONDS, wake_due_rows

# Jobs per call, so that a sweep stays short. The next one continues.
BATCH = 100
# The wait of an upload for its job is a moment; a day is for people who look for a lost one.
UPLOAD_MIN_AGE = timedelta(days=1)
UPLOAD_PRUNE_SECONDS = 3600.0
# Nothing known loses a poll, so this is only a safety net.
RECOVERY_SECONDS = 30.0
OVERDUE = _("The job was stopped because it took longer than this site waits.")


def wake_due_jobs() -> int:
    """Wake workers for due jobs, for notices of cancellation, and for waiting jobs that have a free place.

    Return the number of messages. Jobs that wait for a place or for their service cost nothing.
    """
    begun = wake_due_rows(filter_due_begun(Job.objects.all()), wake_job_worker)
    notices = wake_due_rows(filter_due_notices(Job.objects.all()), wake_job_worker)
    return begun + notices + _wake_startable_jobs()


def _wake_startable_jobs() -> int:
    # On most sites nothing waits most of the time, and this one query is all that a round costs then.
    if not filter_due_waiting(Job.objects.all()).exists():
        return 0
    free = count_free_places()
    if not free:
        return 0
    of_connections = Q(connection__in=[pk for pk in free if pk is not None])
    if None in free:
        of_connections |= Q(connection=None)
    waiting = filter_due_waiting(Job.objects.filter(of_connections))
    # Of these jobs, so many have a message on its way.
    lately = timezone.now() - timedelta(seconds=REWAKE_SECONDS)
    missing = sum(free.values()) - waiting.filter(woken_at__gte=lately).count()
    return wake_due_rows(waiting, wake_job_worker, limit=missing) if missing > 0 else 0


def wake_due_polls() -> int:
    """Wake workers for the services that are to be asked now. Return the number of messages."""
    if cache.add("jobs.recover_parked_jobs", True, RECOVERY_SECONDS):
        recover_parked_jobs()
    return wake_due_rows(filter_due(ServicePoll.objects.all()), wake_poll_worker)


def recover_parked_jobs() -> None:
    """Make jobs due that wait for nothing: their connection is gone or isn't polled, or they should have a time."""
    now = timezone.now()
    parked = Job.objects.filter(state__in=Job.ACTIVE, not_before=None, lease_token=None)
    is_polled = Q(state=Job.State.PROCESSING) & ~Q(trans_id="") & Q(connection__poll__not_before__isnull=False)
    lost = parked.exclude(is_polled).values_list("pk", flat=True)[:BATCH]
    # Their own turns ask the services, and park them again.
    parked.filter(pk__in=list(lost)).update(not_before=now)


def delete_unused_uploads() -> None:
    """Delete uploads that no job uses: of a form whose job was refused when its process died, and of deleted jobs.

    Look for them at most once in UPLOAD_PRUNE_SECONDS, and delete at most BATCH at once.
    """
    if not cache.add("jobs.delete_unused_uploads", True, UPLOAD_PRUNE_SECONDS):
        return
    for upload in find_unused_uploads(timezone.now() - UPLOAD_MIN_AGE)[:BATCH]:
        delete_asset(asset=upload)


def find_unused_uploads(created_before: datetime) -> QuerySet[Asset]:
    """Return the uploads that no job began with and that guide none that hasn't ended."""
    unused = Asset.objects.filter(kind=Asset.Kind.UPLOAD, jobs_from=None, created_at__lt=created_before)
    if not unused.exists():
        return unused
    waiting = Job.objects.filter(state__in=[*Job.ACTIVE, Job.State.HELD]).only("steps")
    guides = {uid for job in waiting.iterator() for uid in collect_guide_uids(job.parsed_steps)}
    return unused.exclude(uuid__in=[UUID(uid) for uid in guides])


def fail_overdue_jobs() -> None:
    """End jobs that have taken too long since a worker began them. A job that still waits for one isn't overdue."""
    longest = timedelta(seconds=settings.JOB_MAX_RUN_SECONDS)
    overdue = Job.objects.filter(state__in=Job.ACTIVE, started_at__lt=timezone.now() - longest)

    @transaction.atomic
    def fail(pk: int) -> None:
        fields = {"error": str(OVERDUE), "error_code": None, "failure_kind": Job.FailureKind.OUTAGE}
        if end_active_jobs(overdue.filter(pk=pk), state=Job.State.FAILED, **fields):
            complete_end(job_id=pk)

    run_for_each("Ending overdue jobs", overdue, fail, limit=BATCH)
