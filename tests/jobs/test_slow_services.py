"""Services that hang hold few threads, and none of a job that was cancelled."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.jobs.conftest import JobDriver, run_queue
from tests.jobs.path_service import PathService, connect, run_path_service
from tests.jobs.worker_threads import run_workers, start_thread, wait_until
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import cancel_job, hold_job
from vanceweb.jobs.tasks import advance_jobs


@pytest.fixture
def service() -> Iterator[PathService]:
    with run_path_service() as running:
        yield running


@pytest.fixture
def hosted(driver: JobDriver, service: PathService, settings: Any) -> JobDriver:
    settings.CLIENT_ATTEMPTS = 3
    # A worker notices soon that its job was taken away.
    settings.LEASE_SECONDS, settings.LEASE_HEARTBEAT_SECONDS = 30, 0.1
    return connect(driver, service)


def test_a_job_on_the_bundled_engine_ends_while_ten_jobs_hang_at_another_service(
    driver: JobDriver, hosted: JobDriver, service: PathService, settings: Any
) -> None:
    settings.IO_SERVICE_CALLS, settings.IO_REMOTE_CALLS, settings.HOSTED_JOBS_AT_ONCE = 3, 6, 8
    service.replies["/transform"] = service.hang
    source = driver.upload()
    hanging = [hosted.submit(source=source) for _ in range(10)]
    with run_workers(5):
        wait_until(lambda: service.running["/transform"] == 3, "the hanging calls")
        job = driver.submit(source=source)

        def has_ended() -> bool:
            run_queue("engine")
            job.refresh_from_db()
            return job.has_ended

        wait_until(has_ended, "the end of the job on the bundled engine")
        assert job.state == Job.State.DONE
        assert (service.running["/transform"], service.most_running["/transform"]) == (3, 3)
        for other in hanging:
            cancel_job(job=other)
        wait_until(lambda: not Job.objects.exclude(lease_token=None).exists(), "the end of all turns")
    assert set(Job.objects.filter(pk__in=[one.pk for one in hanging]).values_list("state", flat=True)) == {"cancelled"}


def test_calls_to_all_services_together_leave_threads_for_the_bundled_engine(
    driver: JobDriver, hosted: JobDriver, service: PathService, settings: Any
) -> None:
    settings.IO_SERVICE_CALLS, settings.IO_REMOTE_CALLS = 6, 2
    service.replies["/transform"] = service.hang
    for _ in range(4):
        hosted.submit()
    with run_workers(4):
        wait_until(lambda: service.running["/transform"] == 2, "the hanging calls")
        job = driver.submit()

        def has_been_sent() -> bool:
            job.refresh_from_db()
            return bool(job.trans_id)

        wait_until(has_been_sent, "the transform on the bundled engine")
        assert service.most_running["/transform"] == 2
        service.released.set()
        for other in Job.objects.exclude(pk=job.pk):
            cancel_job(job=other)


@pytest.mark.parametrize("path", ["/upload", "/transform", "/download"])
@pytest.mark.parametrize("stop", ["cancel", "hold"])
def test_the_call_of_a_job_that_was_stopped_ends_at_once_and_is_no_setback(
    hosted: JobDriver, service: PathService, path: str, stop: str
) -> None:
    service.status = "finish"
    service.replies[path] = service.hang
    job = hosted.submit()
    turn = start_thread(advance_jobs.call)
    wait_until(lambda: service.running[path] == 1, "the call")
    if stop == "cancel":
        cancel_job(job=job)
    else:
        hold_job(job=job, reason="The budget is used up.")
    # The service still hangs: only the abort ends the turn.
    turn.join(30)
    assert not turn.is_alive()
    job.refresh_from_db()
    assert (job.state, job.setbacks, job.error) == ("cancelled" if stop == "cancel" else "held", 0, "")
    assert service.count(path) == 1, "an aborted call is not retried"


def test_a_worker_that_found_no_slot_is_woken_when_one_is_free(
    hosted: JobDriver, service: PathService, settings: Any
) -> None:
    settings.IO_SERVICE_CALLS = 1
    service.replies["/upload"] = service.hang
    first, second = hosted.submit(), hosted.submit()
    turn = start_thread(advance_jobs.call)
    wait_until(lambda: service.running["/upload"] == 1, "the call")
    # The messages of both jobs find no slot.
    run_queue("io")
    second.refresh_from_db()
    assert second.state == Job.State.QUEUED
    service.replies["/upload"] = service.reply_upload
    # The first job's call breaks off and is retried. Neither the job nor its place wakes a worker.
    service.released.set()
    turn.join(30)
    run_queue("io")
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.is_parked, second.is_parked) == (True, True)
