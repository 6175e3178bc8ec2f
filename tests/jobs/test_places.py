"""Places at a connection: how many of its jobs a service has at a time, and who comes next."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from tests.conftest import as_actor
from tests.jobs.conftest import JobDriver, run_queue
from tests.jobs.path_service import PathService, connect, run_path_service
from tests.jobs.worker_threads import run_together
from vanceweb.gallery.thumbnails import make_thumbnails
from vanceweb.jobs.due_jobs import take_due_job
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import cancel_job, hold_job, release_job
from vanceweb.jobs.sweeps import wake_due_jobs
from vanceweb.jobs.tasks import advance_jobs
from vanceweb.teams.models import User


@pytest.fixture
def service() -> Iterator[PathService]:
    with run_path_service() as running:
        yield running


@pytest.fixture
def hosted(driver: JobDriver, service: PathService, settings: Any) -> JobDriver:
    settings.HOSTED_JOBS_AT_ONCE = 3
    return connect(driver, service)


def count(state: str) -> int:
    return Job.objects.filter(state=state).count()


def count_messages() -> int:
    return DBTaskResult.objects.filter(task_path="vanceweb.jobs.tasks.advance_jobs", status="READY").count()


def test_a_service_gets_as_many_jobs_as_it_has_places(hosted: JobDriver, service: PathService) -> None:
    source = hosted.upload()
    jobs = [hosted.submit(source=source) for _ in range(5)]
    run_queue("io")
    assert (count("processing"), count("queued"), service.count("/transform")) == (3, 2, 3)
    cancel_job(job=Job.objects.filter(pk__in=[job.pk for job in jobs], state="processing").latest("pk"))
    run_queue("io")
    assert (count("processing"), count("queued"), service.count("/transform")) == (3, 1, 4)


def test_the_engine_gets_one_job_more_than_it_has_workers(driver: JobDriver) -> None:
    for _ in range(4):
        driver.submit()
    run_queue("io")
    assert (count("processing"), count("queued")) == (2, 2)


@pytest.mark.parametrize("end", ["done", "failed", "cancelled", "held"])
def test_the_next_job_is_woken_when_a_place_is_free(
    hosted: JobDriver, service: PathService, settings: Any, end: str
) -> None:
    settings.HOSTED_JOBS_AT_ONCE = 1
    first, second = hosted.submit(), hosted.submit()
    run_queue("io")
    first.refresh_from_db()
    assert (first.state, count_messages()) == (Job.State.PROCESSING, 0)
    if end == "cancelled":
        cancel_job(job=first)
    elif end == "held":
        hold_job(job=first, reason="The budget is used up.")
    else:
        service.status = "finish" if end == "done" else "fatal"
        Job.objects.filter(pk=first.pk).update(not_before=timezone.now())
        advance_jobs.call()
    service.status = "process"
    run_queue("io")
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (end, Job.State.PROCESSING)


def test_processes_that_choose_at_the_same_time_never_start_more_than_there_are_places(hosted: JobDriver) -> None:
    source = hosted.upload()
    for _ in range(12):
        hosted.submit(source=source)

    def choose() -> None:
        # Only the rows decide: the slots of another process don't make this one wait.
        take_due_job(lambda service: True)

    for _ in range(5):
        run_together(*[choose] * 6)
        assert Job.objects.exclude(lease_token=None).count() == 3
        Job.objects.update(lease_token=None, lease_until=None)


def test_threads_that_work_at_the_same_time_never_start_more_than_there_are_places(
    hosted: JobDriver, service: PathService
) -> None:
    source = hosted.upload()
    # Otherwise one thread makes them, and the others pause.
    make_thumbnails(source.blob_id)
    for _ in range(12):
        hosted.submit(source=source)
    run_together(*[advance_jobs.call] * 6)
    assert (count("processing"), service.count("/transform")) == (3, 3)


def test_people_take_turns_and_their_short_jobs_come_first(
    hosted: JobDriver, service: PathService, settings: Any, bob: User
) -> None:
    settings.HOSTED_JOBS_AT_ONCE = 1
    bobs = JobDriver(bob, hosted.connection, hosted.media)
    large, small = hosted.upload(width=3000), hosted.upload(width=24)
    for picture in (large, large, small):
        # The pictures differ too little for the order: what counts is the expected work.
        job = hosted.submit(source=picture)
        Job.objects.filter(pk=job.pk).update(expected_seconds=100 if picture is large else 1)
    Job.objects.filter(expected_seconds=1).update(queue_rank=Job.objects.earliest("queue_rank").submitted_at)
    bobs.submit(source=small)
    started = []
    for _ in range(4):
        run_queue("io")
        job = Job.objects.get(state=Job.State.PROCESSING)
        started.append((job.created_by_id, job.expected_seconds))
        cancel_job(job=job)
    alice = as_actor(hosted.user).user.pk
    assert started[0] == (alice, 1)
    assert started[1][0] == bob.pk
    assert started[2:] == [(alice, 100), (alice, 100)]


def test_a_job_that_was_released_where_its_service_has_it_needs_no_free_place(hosted: JobDriver, settings: Any) -> None:
    settings.HOSTED_JOBS_AT_ONCE = 1
    first, second = hosted.submit(), hosted.submit()
    run_queue("io")
    hold_job(job=first, reason="The budget is used up.")
    run_queue("io")
    second.refresh_from_db()
    assert second.is_parked
    release_job(job=first)
    run_queue("io")
    first.refresh_from_db()
    assert first.is_parked


def test_the_sweeper_wakes_waiting_jobs_only_for_free_places(hosted: JobDriver) -> None:
    source = hosted.upload()
    for _ in range(10):
        hosted.submit(source=source)
    DBTaskResult.objects.all().delete()
    Job.objects.update(woken_at=None)
    assert wake_due_jobs() == 3
    assert wake_due_jobs() == 0
    run_queue("io")
    Job.objects.update(woken_at=None)
    assert (count("processing"), wake_due_jobs()) == (3, 0)


@pytest.mark.parametrize("free_places", [0, 3])
def test_a_thousand_waiting_jobs_cost_the_sweeper_as_many_queries_as_ten(
    hosted: JobDriver, settings: Any, django_assert_num_queries: Any, free_places: int
) -> None:
    job = hosted.submit()
    run_queue("io")
    settings.HOSTED_JOBS_AT_ONCE = 1 + free_places
    job.refresh_from_db()

    def add_waiting(number: int) -> None:
        rows = []
        for _ in range(number):
            row = Job.objects.get(pk=job.pk)
            fresh = Job()
            row.pk, row.uuid, row.result_uuid, row._state.adding = None, fresh.uuid, fresh.result_uuid, True
            row.state, row.trans_id, row.not_before, row.woken_at = "queued", "", timezone.now(), timezone.now()
            rows.append(row)
        Job.objects.bulk_create(rows)

    # The jobs begun, the notices, and whether any job waits.
    with django_assert_num_queries(3):
        wake_due_jobs()
    for number in (10, 1000):
        add_waiting(number)
        # As above, then the queues with and without a connection, the places taken and those being taken;
        # with free places also those that were woken lately.
        with django_assert_num_queries(8 if free_places else 7):
            wake_due_jobs()
