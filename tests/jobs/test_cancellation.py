"""Cancellation in every phase, and the retry after it."""

from typing import Any

import pytest
from django.utils import timezone

from tests.jobs.conftest import JobDriver, run_queue
from vanceweb.engine.models import Transform
from vanceweb.engine.wsgi import application as engine
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import cancel_job
from vanceweb.jobs.worker import advance_job


def test_a_queued_job_is_cancelled_at_once(driver: JobDriver) -> None:
    job = driver.submit()
    assert cancel_job(job=job)
    assert (job.state, job.error) == (Job.State.CANCELLED, "")
    assert job.finished_at is not None
    driver.run_turn(job)
    assert (job.state, Transform.objects.count()) == (Job.State.CANCELLED, 0)


def test_a_processing_job_is_cancelled_here_and_at_the_engine(driver: JobDriver) -> None:
    job = driver.run_turn(driver.submit())
    assert (job.state, bool(job.trans_id)) == (Job.State.PROCESSING, True)
    cancel_job(job=job)
    assert (job.state, job.cancel_requested) == (Job.State.CANCELLED, True)
    run_queue("io")
    job.refresh_from_db()
    assert not job.cancel_requested
    assert Transform.objects.get().state == Transform.State.CANCELLED


def test_cancelling_twice_or_too_late_changes_nothing(driver: JobDriver) -> None:
    job = driver.submit()
    assert cancel_job(job=job)
    assert not cancel_job(job=job)
    done = driver.run_until(driver.submit(), Job.State.DONE)
    assert not cancel_job(job=done)
    assert done.state == Job.State.DONE


def build_cancelling_engine(path: str) -> Any:
    """Return the real engine, with the job cancelled during the call of `path`."""

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        answer = engine(environ, start_response)
        if environ["PATH_INFO"].endswith(path):
            cancel_job(job=Job.objects.latest("pk"))
        return answer

    return application


uploading_cancelled = build_cancelling_engine("/upload")
transform_cancelled = build_cancelling_engine("/transform")
progress_cancelled = build_cancelling_engine("/progress")
download_cancelled = build_cancelling_engine("/download")


@pytest.mark.parametrize("call", ["uploading", "transform", "progress", "download"])
def test_cancelling_in_the_middle_of_a_call_leaves_nothing_behind(driver: JobDriver, settings: Any, call: str) -> None:
    settings.BUNDLED_ENGINE_WSGI = f"{__name__}.{call}_cancelled"
    job = driver.submit()
    before = driver.list_files()
    for _ in range(4):
        driver.run_turn(job)
        run_queue("engine")
    assert (job.state, job.result) == (Job.State.CANCELLED, None)
    assert driver.count_results() == 0
    assert len(driver.list_files()) <= len(before) + 2, "only the thumbnails of the original are new"


def test_a_transform_that_started_during_the_cancellation_is_cancelled(driver: JobDriver, settings: Any) -> None:
    settings.BUNDLED_ENGINE_WSGI = f"{__name__}.transform_cancelled"
    driver.run_turn(driver.submit())
    run_queue("engine")
    assert Transform.objects.get().state == Transform.State.CANCELLED


def test_a_retry_continues_a_cancelled_download_and_it_is_charged_once(driver: JobDriver, settings: Any) -> None:
    settings.BUNDLED_ENGINE_WSGI = f"{__name__}.download_cancelled"
    job = driver.submit()
    for _ in range(3):
        driver.run_turn(job)
        run_queue("engine")
    assert (job.state, job.resume_state, driver.count_charges()) == (Job.State.CANCELLED, Job.State.DOWNLOADING, 1)
    settings.BUNDLED_ENGINE_WSGI = "vanceweb.engine.wsgi.application"
    driver.retry(job)
    assert job.state == Job.State.DOWNLOADING
    driver.run_until(job, Job.State.DONE)
    assert (driver.count_charges(), Transform.objects.count()) == (1, 1)


def test_a_cancelled_job_starts_over_when_retried(driver: JobDriver) -> None:
    job = driver.run_turn(driver.submit())
    cancel_job(job=job)
    run_queue("io")
    driver.retry(job)
    assert (job.state, job.uid) == (Job.State.QUEUED, "")
    driver.run_until(job, Job.State.DONE)
    assert driver.count_charges() == 1


def test_a_retry_before_the_service_was_told_cancels_the_old_transform(driver: JobDriver) -> None:
    job = driver.run_turn(driver.submit())
    cancel_job(job=job)
    driver.retry(job)
    assert (job.state, job.cancel_requested) == (Job.State.QUEUED, True)
    driver.run_until(driver.run_turn(job), Job.State.PROCESSING)
    driver.run_until(job, Job.State.DONE)
    states = Transform.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [Transform.State.CANCELLED, Transform.State.FINISHED]
    assert (job.cancel_requested, driver.count_charges()) == (False, 1)


def test_cancelling_again_before_the_service_was_told_cancels_the_transform(driver: JobDriver) -> None:
    job = driver.run_turn(driver.submit())
    cancel_job(job=job)
    driver.retry(job)
    cancel_job(job=job)
    run_queue("io")
    assert Transform.objects.get().state == Transform.State.CANCELLED


def test_a_row_that_was_cancelled_is_never_claimed(driver: JobDriver) -> None:
    job = driver.submit()
    cancel_job(job=job)
    Job.objects.filter(pk=job.pk).update(not_before=timezone.now())
    assert advance_job(job.pk) is None
    job.refresh_from_db()
    assert job.attempts == 0
