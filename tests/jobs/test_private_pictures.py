"""Jobs whose picture becomes private while they wait: workers don't send it."""

import pytest

from tests.conftest import as_actor
from tests.factories import make_job, make_private, make_upload
from tests.jobs.conftest import JobDriver
from tests.jobs.test_guides import draw
from vanceweb.engine.models import Transform, Upload
from vanceweb.jobs.guides import GUIDE_GONE
from vanceweb.jobs.models import Job
from vanceweb.jobs.phases import SOURCE_PRIVATE
from vanceweb.jobs.privacy import make_job_private
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
