"""Jobs whose connection is taken back by its person: they finish what has started and spend nothing else."""

import pytest

from tests.conftest import as_actor
from tests.factories import make_hosted_connection, make_job, make_private
from tests.jobs.conftest import JobDriver, run_queue
from vanceweb.engine.models import Transform, Upload
from vanceweb.jobs.conditions import JobRefused
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import cancel_job, release_job, retry_job
from vanceweb.jobs.worker import CONNECTION_GONE
from vanceweb.teams.models import User
from vanceweb.vault.models import Connection


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


def test_a_held_job_whose_connection_was_taken_back_is_not_released(alice: User, bob: User) -> None:
    job = make_job(alice, state=Job.State.HELD, connection=make_hosted_connection(bob))
    with pytest.raises(JobRefused, match="private connection"):
        release_job(job=job)
    job.refresh_from_db()
    assert job.is_held
    assert release_job(job=make_job(bob, state=Job.State.HELD, connection=job.connection))


def test_nobody_spends_a_private_connection_by_a_retry_for_somebody_else(alice: User, bob: User) -> None:
    job = make_job(bob, state=Job.State.FAILED, connection=make_hosted_connection(alice))
    for user in (alice, bob):
        with pytest.raises(JobRefused, match="private connection"):
            retry_job(actor=as_actor(user), job=job)


def test_a_connection_that_was_taken_back_after_it_was_read_is_refused(driver: JobDriver, bob: User) -> None:
    make_private(Connection.objects.get(pk=driver.connection.pk), bob)
    assert not driver.connection.is_private
    with pytest.raises(JobRefused, match="the team's or your own"):
        driver.submit()
