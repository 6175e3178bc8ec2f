"""Jobs whose picture becomes private before they begin: workers don't send it, and nobody else starts them with it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from django.db import connections

from tests.conftest import as_actor
from tests.factories import make_job, make_private, make_upload
from tests.jobs.conftest import JobDriver
from tests.jobs.test_guides import draw
from vanceweb.engine.models import Transform, Upload
from vanceweb.gallery.models import Asset
from vanceweb.gallery.services import delete_asset
from vanceweb.jobs.conditions import JobRefused
from vanceweb.jobs.guides import GUIDE_GONE
from vanceweb.jobs.models import Job
from vanceweb.jobs.phases import SOURCE_PRIVATE
from vanceweb.jobs.privacy import make_job_private
from vanceweb.jobs.services import delete_job, release_job, retry_job
from vanceweb.teams.models import User


@pytest.mark.parametrize("state", [Job.State.QUEUED, Job.State.UPLOADING])
def test_a_picture_that_became_private_to_somebody_else_is_not_sent(driver: JobDriver, bob: User, state: str) -> None:
    made_it = make_job(bob)
    job = driver.submit(source=made_it.result)
    Job.objects.filter(pk=job.pk).update(state=state)
    make_job_private(actor=as_actor(bob), job=made_it)
    driver.run_turn(job)
    assert (job.state, job.error, Upload.objects.count()) == (Job.State.FAILED, str(SOURCE_PRIVATE), 0)


def test_a_job_of_the_team_does_not_send_a_private_picture_of_its_own_person(driver: JobDriver) -> None:
    source = driver.upload()
    job = driver.submit(source=source)
    make_private(source, driver.user)
    driver.run_turn(job)
    assert (job.state, job.error, Upload.objects.count()) == (Job.State.FAILED, str(SOURCE_PRIVATE), 0)


def test_a_job_made_private_while_it_waits_sends_its_private_picture(driver: JobDriver) -> None:
    source = driver.upload()
    job = driver.submit(source=source)
    make_job_private(actor=driver.actor, job=job)
    source.refresh_from_db()
    assert source.is_private
    assert driver.run_turn(job).state == Job.State.PROCESSING


def test_a_job_of_the_team_does_not_send_a_private_guide_of_its_own_person(driver: JobDriver, alice: User) -> None:
    guide = make_upload(alice, name="guide.png", width=32)
    job = driver.submit_steps(draw(guide))
    make_private(guide, alice)
    driver.run_turn(job)
    assert (job.state, job.error, Transform.objects.count()) == (Job.State.FAILED, str(GUIDE_GONE), 0)
    assert not Upload.objects.filter(width=32).exists()


def test_a_retry_of_ones_job_on_ones_private_picture_makes_it_private(bob: User) -> None:
    made_it = make_job(bob)
    failed = make_job(bob, source=made_it.result, state=Job.State.FAILED)
    make_job_private(actor=as_actor(bob), job=made_it)
    assert retry_job(actor=as_actor(bob), job=failed).private_to == bob


def test_a_retry_of_a_guided_job_follows_its_guides(alice: User, bob: User) -> None:
    guide = make_upload(bob, name="guide.png")
    own, others = (make_job(user, state=Job.State.FAILED, steps=[draw(guide)]) for user in (bob, alice))
    assert retry_job(actor=as_actor(bob), job=own).private_to is None
    Job.objects.filter(pk=own.pk).update(state=Job.State.FAILED)
    make_private(guide, bob)
    assert retry_job(actor=as_actor(bob), job=own).private_to == bob
    with pytest.raises(JobRefused, match="private"):
        retry_job(actor=as_actor(alice), job=others)


def test_a_retry_of_a_colleagues_job_on_ones_private_picture_is_refused(alice: User, bob: User) -> None:
    picture = make_upload(alice)
    job = make_job(bob, source=picture, state=Job.State.FAILED)
    make_private(picture, alice)
    with pytest.raises(JobRefused, match="private"):
        retry_job(actor=as_actor(alice), job=job)
    job.refresh_from_db()
    assert (job.state, job.private_to) == (Job.State.FAILED, None)


def test_a_held_job_whose_picture_became_private_is_not_released(alice: User, bob: User) -> None:
    picture = make_upload(bob)
    job = make_job(alice, source=picture, state=Job.State.HELD)
    make_private(picture, bob)
    with pytest.raises(JobRefused, match="private"):
        release_job(job=job)
    job.refresh_from_db()
    assert job.is_held


def test_a_held_private_job_is_released_with_its_private_picture(bob: User) -> None:
    job = make_job(bob, state=Job.State.HELD)
    assert job.source is not None
    make_private(job, bob)
    make_private(job.source, bob)
    assert release_job(job=job)


def test_a_picture_that_became_private_after_it_was_read_is_refused(driver: JobDriver, bob: User) -> None:
    made_it = make_job(bob)
    seen = made_it.result
    make_job_private(actor=as_actor(bob), job=made_it)
    assert seen is not None
    assert not seen.is_private
    with pytest.raises(JobRefused, match="the team's or your own"):
        driver.submit(source=seen)


def test_a_picture_that_was_deleted_after_it_was_read_is_refused(driver: JobDriver) -> None:
    seen = driver.upload()
    delete_asset(asset=Asset.objects.get(pk=seen.pk))
    with pytest.raises(JobRefused, match="the team's or your own"):
        driver.submit(source=seen)


def test_a_job_on_ones_picture_that_became_private_after_it_was_read_is_private(driver: JobDriver) -> None:
    seen = driver.upload()
    make_private(Asset.objects.get(pk=seen.pk), driver.user)
    assert not seen.is_private
    assert driver.submit(source=seen).private_to == driver.user


def test_a_job_deleted_by_somebody_who_saw_it_before_it_became_private_stays(alice: User, bob: User) -> None:
    seen = make_job(bob)
    make_job_private(actor=as_actor(bob), job=seen)
    delete_job(actor=as_actor(alice), job=seen)
    assert Job.objects.filter(pk=seen.pk, result=seen.result).exists()


class TestRace:
    """Submissions of a job on a picture while its person makes it private."""

    def test_no_job_of_somebody_else_gets_a_picture_that_is_made_private(self, driver: JobDriver, bob: User) -> None:
        for _ in range(12):
            done = make_job(bob)
            source = done.source
            assert source is not None
            start = threading.Barrier(2)
            with ThreadPoolExecutor(2) as pool:
                pool.submit(act, start, lambda done=done: make_job_private(actor=as_actor(bob), job=done))
                pool.submit(act, start, lambda source=source: driver.submit(source=source))
            source.refresh_from_db()
            assert source.is_private is not Job.objects.filter(source=source, private_to=None).exists()


@pytest.mark.slow
@pytest.mark.usefixtures("postgresql")
class TestRaceOnPostgresql(TestRace):
    """The same with the locks of a database for many writers."""


def act(start: threading.Barrier, action: Callable[[], object]) -> None:
    """Run the action once the other thread is ready too. A submission that comes too late is refused."""
    try:
        start.wait(timeout=20)
        with suppress(JobRefused):
            action()
    finally:
        connections.close_all()
