"""Two workers on one job: the one that lost its lease changes nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.jobs.conftest import JobDriver, run_queue
from tests.jobs.crashes import CrashPlan, apply_crash_plan
from vanceweb.engine.wsgi import application as engine
from vanceweb.jobs.models import Job
from vanceweb.jobs.worker import WORKERS_DIED, advance_job


def build_overtaking_engine(path: str) -> Any:
    """Return the real engine, but so slow at `path` that the lease expires and another worker does the whole job."""
    calls: list[str] = []

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        answer = engine(environ, start_response)
        job = Job.objects.latest("pk")
        if environ["PATH_INFO"].endswith(path) and str(job.uuid) not in calls:
            calls.append(str(job.uuid))
            for _ in range(6):
                past = timezone.now() - timedelta(seconds=1)
                Job.objects.filter(pk=job.pk, state__in=Job.ACTIVE).exclude(lease_until=None).update(lease_until=past)
                Job.objects.filter(pk=job.pk).update(not_before=past)
                advance_job(job.pk)
                run_queue("engine")
        return answer

    return application


overtaken_upload = build_overtaking_engine("/upload")
overtaken_transform = build_overtaking_engine("/transform")
overtaken_progress = build_overtaking_engine("/progress")
overtaken_download = build_overtaking_engine("/download")


@pytest.mark.parametrize("call", ["upload", "transform", "progress", "download"])
def test_a_worker_that_lost_its_lease_does_no_harm(driver: JobDriver, settings: Any, call: str) -> None:
    settings.BUNDLED_ENGINE_WSGI = f"{__name__}.overtaken_{call}"
    job = driver.submit()
    for _ in range(4):
        driver.run_turn(job)
        run_queue("engine")
    assert job.state == Job.State.DONE
    assert (driver.count_charges(), driver.count_results()) == (1, 1)
    assert job.result is not None
    assert (driver.media / job.result.file.name).exists()
    assert len(list((driver.media / job.result.folder).iterdir())) == 3


def test_a_job_that_another_worker_holds_is_left_alone(driver: JobDriver) -> None:
    job = driver.submit()
    later = timezone.now() + timedelta(seconds=60)
    Job.objects.filter(pk=job.pk).update(lease_until=later)
    assert advance_job(job.pk) is None
    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.QUEUED, 0)


def test_polls_are_not_counted_as_attempts(driver: JobDriver) -> None:
    job = driver.submit()
    for _ in range(4):
        assert driver.run_turn(job).is_being_polled
    assert job.attempts == 1
    # The worker died during a poll.
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert driver.run_turn(job).attempts == 2
    driver.run_until(job, Job.State.DONE)
    assert job.attempts == 2


def test_a_job_that_kills_its_workers_is_given_up(driver: JobDriver, settings: Any) -> None:
    settings.JOB_MAX_SETBACKS = 2
    job = driver.submit()
    for _ in range(3):
        assert job.is_active
        # As after a crash: a lease that nobody extends.
        Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        with apply_crash_plan(build_early_crash()):
            advance_job(job.pk)
        job.refresh_from_db()
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    advance_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == (Job.State.FAILED, WORKERS_DIED)


def test_a_worker_that_has_to_stop_releases_the_job(driver: JobDriver, settings: Any) -> None:
    settings.BUNDLED_ENGINE_WSGI = f"{__name__}.exiting_engine"
    job = driver.submit()
    with pytest.raises(SystemExit):
        advance_job(job.pk)
    job.refresh_from_db()
    assert (job.lease_until, job.state) == (None, Job.State.UPLOADING)


def exiting_engine(environ: dict[str, Any], start_response: Any) -> Any:
    raise SystemExit(1)


def build_early_crash() -> CrashPlan:
    """Return a plan that crashes after the job was claimed and before any of its work."""
    return CrashPlan(crash_at=5)
