"""Jobs whose connection is taken back by its person: they finish what has started and spend nothing else."""

from tests.factories import make_private
from tests.jobs.conftest import JobDriver, run_queue
from vanceweb.engine.models import Transform, Upload
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import cancel_job
from vanceweb.jobs.worker import CONNECTION_GONE
from vanceweb.teams.models import User


def test_a_waiting_job_does_not_spend_a_connection_that_was_taken_back(driver: JobDriver, bob: User) -> None:
    job = driver.submit()
    make_private(driver.connection, bob)
    driver.run_turn(job)
    assert (job.state, job.error, Upload.objects.count()) == (Job.State.FAILED, str(CONNECTION_GONE), 0)


def test_a_private_connection_is_spent_by_jobs_of_its_person(driver: JobDriver, alice: User) -> None:
    make_private(driver.connection, alice)
    assert driver.run_until(driver.submit(), Job.State.DONE).error == ""


def test_a_started_transform_finishes_on_a_connection_that_was_taken_back(driver: JobDriver, bob: User) -> None:
    job = driver.run_turn(driver.submit())
    assert job.has_started_transform
    make_private(driver.connection, bob)
    driver.run_until(job, Job.State.DONE)
    assert driver.count_charges() == 1


def test_a_queued_retry_with_an_old_transform_has_not_started(driver: JobDriver, bob: User) -> None:
    job = driver.run_turn(driver.submit())
    cancel_job(job=job)
    job = driver.retry(job)
    assert (job.state, bool(job.trans_id)) == (Job.State.QUEUED, True)
    make_private(driver.connection, bob)
    assert driver.run_turn(job).error == str(CONNECTION_GONE)


def test_a_cancellation_reaches_a_service_whose_connection_was_taken_back(driver: JobDriver, bob: User) -> None:
    job = driver.run_turn(driver.submit())
    make_private(driver.connection, bob)
    cancel_job(job=job)
    run_queue("io")
    assert Transform.objects.get().state == Transform.State.CANCELLED
