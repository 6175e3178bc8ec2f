"""Jobs that a person makes private or shares again, with their pictures."""

from typing import Any

import pytest
from django.test import Client

from tests.conftest import as_actor
from tests.factories import make_job, make_private, make_upload
from tests.jobs.conftest import JobDriver, run_queue
from vanceweb.engine.wsgi import application as engine
from vanceweb.gallery.models import Asset
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import delete_job
from vanceweb.teams.models import User


@pytest.fixture
def bobs_job(bob: User) -> Job:
    return make_job(bob)


def set_privacy(user: User, job: Job, *, private: bool) -> tuple[int, list[bool]]:
    """Post the change as the user. Return the status, and whether job, result and source are private."""
    client = Client()
    client.force_login(user)
    status = client.post(f"/jobs/{job.uuid}/privacy/", {"private": "1"} if private else {}).status_code
    job = Job.objects.with_pictures().get(pk=job.pk)
    assert job.result is not None
    assert job.source is not None
    return status, [row.is_private for row in (job, job.result, job.source)]


def test_a_job_is_made_private_and_shared_again_with_its_pictures(bob: User, bobs_job: Job) -> None:
    assert set_privacy(bob, bobs_job, private=True) == (302, [True, True, True])
    assert set_privacy(bob, bobs_job, private=False) == (302, [False, False, False])


def test_only_the_person_who_submitted_a_job_makes_it_private(
    alice: User, admin: User, viewer: User, charlie: User, bobs_job: Job
) -> None:
    assert set_privacy(alice, bobs_job, private=True) == (403, [False] * 3)
    assert set_privacy(admin, bobs_job, private=True) == (403, [False] * 3)
    assert set_privacy(viewer, bobs_job, private=True) == (403, [False] * 3)
    assert set_privacy(charlie, bobs_job, private=True) == (404, [False] * 3)


def test_a_picture_that_others_use_or_made_stays_the_teams(alice: User, bob: User, bobs_job: Job) -> None:
    others = make_job(alice, source=bobs_job.source)
    assert set_privacy(bob, bobs_job, private=True) == (302, [True, True, False])
    make_private(others, alice)
    assert set_privacy(bob, bobs_job, private=True) == (302, [True, True, False])
    on_alices_picture = make_job(bob, source=make_upload(alice))
    assert set_privacy(bob, on_alices_picture, private=True) == (302, [True, True, False])


def test_a_private_picture_is_not_shown_on_a_job_of_the_team(alice: User, bob: User, client: Client) -> None:
    job = make_job(alice, source=make_upload(bob))
    assert job.source is not None
    make_private(job.source, bob)
    client.force_login(alice)
    again = f"/t/studio/features/enlarge3/?from={job.uuid}"
    for page in (f"/jobs/{job.uuid}/", f"/jobs/{job.uuid}/delete/", "/t/studio/jobs/", "/t/studio/", again):
        response = client.get(page)
        assert response.status_code == 200
        assert str(job.source.uuid) not in response.content.decode()
    client.force_login(bob)
    assert str(job.source.uuid) in client.get(f"/jobs/{job.uuid}/").content.decode()


def test_a_result_stays_the_teams_when_a_private_job_uses_it(alice: User, bob: User, bobs_job: Job) -> None:
    result = bobs_job.result
    private = make_job(bob, source=result)
    assert set_privacy(bob, private, private=True) == (302, [True, True, False])
    for row in (bobs_job, result):
        assert row is not None
        row.refresh_from_db()
        assert not row.is_private
    # With both jobs private, nobody else sees the picture any more.
    assert set_privacy(bob, bobs_job, private=True) == (302, [True] * 3)


def test_a_private_result_is_not_shown_on_a_job_of_the_team(alice: User, bob: User, client: Client) -> None:
    job = make_job(bob)
    assert job.result is not None
    make_private(job.result, bob)
    client.force_login(alice)
    for page in (f"/jobs/{job.uuid}/", f"/jobs/{job.uuid}/delete/", "/t/studio/jobs/", "/t/studio/"):
        response = client.get(page)
        assert response.status_code == 200
        assert str(job.result.uuid) not in response.content.decode()
    page = client.get(f"/jobs/{job.uuid}/").content.decode()
    assert ("Done" in page, "The result is ready" in page, 'id="download-result"' in page) == (True, False, False)
    assert "Delete this job?" in page
    sentence = "The result was deleted, or it is private to somebody else."
    assert sentence in page
    client.force_login(bob)
    page = client.get(f"/jobs/{job.uuid}/").content.decode()
    assert (str(job.result.uuid) in page, sentence in page) == (True, False)


def test_deleting_a_job_keeps_a_result_that_is_private_to_somebody_else(alice: User, bob: User) -> None:
    job = make_job(bob)
    assert job.result is not None
    make_private(job.result, bob)
    delete_job(actor=as_actor(alice), job=job)
    assert not Job.objects.exists()
    assert Asset.objects.filter(pk=job.result.pk).exists()
    shared = make_job(bob)
    assert shared.result is not None
    delete_job(actor=as_actor(alice), job=shared)
    assert not Asset.objects.filter(pk=shared.result.pk).exists()


def download_then_make_private(environ: dict[str, Any], start_response: Any) -> Any:
    """Respond as the real engine, and make the job private while its result is downloaded."""
    if environ["PATH_INFO"].endswith("/download"):
        job = Job.objects.latest("pk")
        Job.objects.filter(pk=job.pk).update(private_to=job.created_by)
    return engine(environ, start_response)


def download_then_delete_person(environ: dict[str, Any], start_response: Any) -> Any:
    """Respond as the real engine, and delete the person while the result is downloaded."""
    if environ["PATH_INFO"].endswith("/download"):
        User.objects.filter(username="bob").delete()
    return engine(environ, start_response)


@pytest.fixture
def bobs_driver(driver: JobDriver, bob: User) -> JobDriver:
    driver.user = bob
    return driver


def run_turns(driver: JobDriver) -> Job:
    job = driver.submit()
    for _ in range(2):
        driver.run_turn(job)
        run_queue("engine")
    return job


def test_a_job_made_private_during_its_download_gets_a_private_result(bobs_driver: JobDriver, settings: Any) -> None:
    settings.BUNDLED_ENGINE_WSGI = f"{__name__}.download_then_make_private"
    job = run_turns(bobs_driver)
    assert job.result is not None
    assert (job.state, job.result.private_to) == (Job.State.DONE, bobs_driver.user)


def test_a_job_whose_person_is_deleted_during_its_download_is_done(bobs_driver: JobDriver, settings: Any) -> None:
    settings.BUNDLED_ENGINE_WSGI = f"{__name__}.download_then_delete_person"
    job = run_turns(bobs_driver)
    assert (job.state, job.created_by, bobs_driver.count_charges()) == (Job.State.DONE, None, 1)
    assert job.result is not None
    assert job.result.ownership == job.ownership
