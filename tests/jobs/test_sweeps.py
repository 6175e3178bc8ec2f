"""Jobs whose message was lost, and jobs that never end."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from tests.jobs.conftest import JobDriver, run_queue
from vanceweb.engine.models import Transform
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import cancel_job, hold_job, release_job
from vanceweb.jobs.sweeps import fail_overdue_jobs, wake_due_jobs


def submit_without_message(driver: JobDriver) -> Job:
    """Submit a job whose message was lost a while ago."""
    job = driver.submit()
    DBTaskResult.objects.all().delete()
    past = timezone.now() - timedelta(seconds=60)
    Job.objects.filter(pk=job.pk).update(not_before=past, woken_at=past)
    return job


def count_messages() -> int:
    return DBTaskResult.objects.filter(task_path="vanceweb.jobs.tasks.advance_jobs", status="READY").count()


def test_a_job_without_a_message_is_enqueued_once(driver: JobDriver) -> None:
    submit_without_message(driver)
    wake_due_jobs()
    wake_due_jobs()
    assert count_messages() == 1


def test_a_job_of_a_dead_worker_is_enqueued_when_its_lease_has_expired(driver: JobDriver) -> None:
    job = submit_without_message(driver)
    now = timezone.now()
    Job.objects.filter(pk=job.pk).update(lease_until=now + timedelta(seconds=5))
    wake_due_jobs()
    assert count_messages() == 0
    Job.objects.filter(pk=job.pk).update(lease_until=now - timedelta(seconds=1))
    wake_due_jobs()
    assert count_messages() == 1


def test_jobs_that_wait_or_have_ended_are_left_alone(driver: JobDriver) -> None:
    Job.objects.filter(pk=submit_without_message(driver).pk).update(not_before=timezone.now() + timedelta(seconds=60))
    Job.objects.filter(pk=submit_without_message(driver).pk).update(state=Job.State.DONE)
    wake_due_jobs()
    assert count_messages() == 0


def test_a_lost_cancellation_is_sent_again(driver: JobDriver) -> None:
    job = driver.run_turn(driver.submit())
    cancel_job(job=job)
    DBTaskResult.objects.filter(queue_name="io").delete()
    Job.objects.filter(pk=job.pk).update(woken_at=timezone.now() - timedelta(seconds=60))
    wake_due_jobs()
    run_queue("io")
    assert Transform.objects.get().state == Transform.State.CANCELLED


def test_an_overdue_job_is_ended_and_cancelled_at_the_service(driver: JobDriver, settings: Any) -> None:
    job = driver.run_turn(driver.submit())
    fail_overdue_jobs()
    job.refresh_from_db()
    assert job.is_active
    long_ago = timezone.now() - timedelta(seconds=settings.JOB_MAX_RUN_SECONDS + 1)
    Job.objects.filter(pk=job.pk).update(started_at=long_ago)
    fail_overdue_jobs()
    run_queue("io")
    job.refresh_from_db()
    assert (job.state, "longer than this site waits" in job.error) == (Job.State.FAILED, True)
    assert Transform.objects.get().state == Transform.State.CANCELLED


def test_a_job_that_waits_for_a_worker_or_is_held_is_not_overdue(driver: JobDriver, settings: Any) -> None:
    long_ago = timezone.now() - timedelta(seconds=settings.JOB_MAX_RUN_SECONDS + 1)
    waiting, held = driver.submit(), driver.run_turn(driver.submit())
    hold_job(job=held, reason="The budget is used up.")
    Job.objects.filter(pk=waiting.pk).update(submitted_at=long_ago)
    Job.objects.filter(pk=held.pk).update(submitted_at=long_ago, started_at=long_ago)
    fail_overdue_jobs()
    release_job(job=held)
    fail_overdue_jobs()
    waiting.refresh_from_db()
    assert (waiting.state, driver.run_turn(held).state) == (Job.State.QUEUED, Job.State.PROCESSING)
    assert held.started_at is not None
    assert held.started_at > long_ago
