"""Two workers at one job: the one that lost it changes nothing any more."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.jobs.conftest import JobDriver, run_queue
from tests.jobs.crashes import CrashPlan, crashing
from vanceweb.engine.wsgi import application as engine
from vanceweb.jobs.models import Job
from vanceweb.jobs.worker import WORKERS_DIED, advance_job


def taken_over(path: str) -> Any:
    """The real engine, so slow in answering `path` that the lease runs out and another worker does the whole job."""
    calls: list[str] = []

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        answer = engine(environ, start_response)
        job = Job.objects.latest("pk")
        if environ["PATH_INFO"].endswith(path) and str(job.uuid) not in calls:
            calls.append(str(job.uuid))
            for _ in range(6):
                past = timezone.now() - timedelta(seconds=1)
                Job.objects.filter(pk=job.pk, state__in=Job.MOVING).exclude(lease_until=None).update(lease_until=past)
                Job.objects.filter(pk=job.pk).update(not_before=past)
                advance_job(job.pk)
                run_queue("engine")
        return answer

    return application


overtaken_upload = taken_over("/upload")
overtaken_transform = taken_over("/transform")
overtaken_progress = taken_over("/progress")
overtaken_download = taken_over("/download")


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


def test_a_job_in_another_workers_hands_is_left_alone(driver: JobDriver) -> None:
    job = driver.submit()
    later = timezone.now() + timedelta(seconds=60)
    Job.objects.filter(pk=job.pk).update(lease_until=later)
    assert advance_job(job.pk) is None
    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.QUEUED, 0)


def test_a_job_that_kills_its_workers_is_given_up(driver: JobDriver, settings: Any) -> None:
    settings.JOB_MAX_SETBACKS = 2
    job = driver.submit()
    for _ in range(3):
        assert job.is_moving
        # As a worker leaves it that died at once: a lease that nobody extends.
        Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        with crashing(dying_soon()):
            advance_job(job.pk)
        job.refresh_from_db()
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    advance_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == (Job.State.FAILED, WORKERS_DIED)


def test_a_worker_told_to_leave_hands_the_job_back(driver: JobDriver, settings: Any) -> None:
    settings.BUNDLED_ENGINE_WSGI = f"{__name__}.leaving"
    job = driver.submit()
    with pytest.raises(SystemExit):
        advance_job(job.pk)
    job.refresh_from_db()
    assert (job.lease_until, job.state) == (None, Job.State.UPLOADING)


def leaving(environ: dict[str, Any], start_response: Any) -> Any:
    raise SystemExit(1)


def dying_soon() -> CrashPlan:
    """A plan that ends after the job was claimed and before anything was done for it."""
    plan = CrashPlan()
    plan.dies_at = 5
    return plan
