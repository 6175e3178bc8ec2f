"""Jobs that are held: until they are released, no worker takes them; they can be cancelled."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from tests.conftest import as_actor, make_picture_file
from tests.factories import HELD_REASON, make_job
from tests.jobs.conftest import JobDriver, run_queue
from vanceweb.engine.models import Transform
from vanceweb.engine.wsgi import application as engine
from vanceweb.jobs.conditions import JobRefused
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import cancel_job, delete_job, hold_job, release_job
from vanceweb.jobs.sweeps import wake_due_jobs
from vanceweb.teams.models import User

STATES = [Job.State.QUEUED, Job.State.UPLOADING, Job.State.PROCESSING, Job.State.DOWNLOADING]


def hold(job: Job) -> bool:
    return hold_job(job=job, reason=HELD_REASON)


@pytest.mark.parametrize("state", STATES)
def test_a_job_is_held_in_any_active_state_and_continues_there(alice: User, state: str) -> None:
    job = make_job(alice, state=state, setbacks=3)
    assert hold(job)
    assert (job.state, job.resume_state, job.held_reason) == (Job.State.HELD, state, HELD_REASON)
    assert (job.is_active, job.has_ended) == (False, False)
    assert release_job(job=job)
    assert (job.state, job.resume_state, job.held_reason, job.setbacks) == (state, "", "", 0)


@pytest.mark.parametrize("state", [*Job.ENDED, Job.State.HELD])
def test_a_job_that_is_not_active_is_not_held(alice: User, state: str) -> None:
    job = make_job(alice, state=state)
    before = (job.resume_state, job.held_reason)
    assert not hold_job(job=job, reason="Another reason.")
    assert (job.state, job.resume_state, job.held_reason) == (state, *before)


@pytest.mark.parametrize("state", [*Job.ENDED, Job.State.QUEUED])
def test_a_job_that_is_not_held_is_not_released(alice: User, state: str) -> None:
    job = make_job(alice, state=state)
    assert not release_job(job=job)
    assert job.state == state


def test_neither_workers_nor_the_sweeper_touch_a_held_job(driver: JobDriver) -> None:
    job = driver.submit()
    hold(job)
    DBTaskResult.objects.all().delete()
    Job.objects.filter(pk=job.pk).update(woken_at=timezone.now() - timedelta(hours=1))
    wake_due_jobs()
    driver.run_turn(job)
    assert (job.state, job.attempts, DBTaskResult.objects.count()) == (Job.State.HELD, 0, 0)


def test_a_released_job_continues_without_another_transform_or_charge(driver: JobDriver) -> None:
    job = driver.run_turn(driver.submit())
    hold(job)
    run_queue("engine")
    assert driver.run_turn(job).state == Job.State.HELD
    DBTaskResult.objects.all().delete()
    release_job(job=job)
    run_queue("io")
    job.refresh_from_db()
    assert job.state == Job.State.DONE, "the release wakes a worker"
    assert (Transform.objects.count(), driver.count_charges()) == (1, 1)


def build_holding_engine(path: str) -> Any:
    """Return the real engine, with the job held during the call of `path`."""

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        answer = engine(environ, start_response)
        if environ["PATH_INFO"].endswith(path):
            hold(Job.objects.latest("pk"))
        return answer

    return application


upload_held = build_holding_engine("/upload")
transform_held = build_holding_engine("/transform")
progress_held = build_holding_engine("/progress")
download_held = build_holding_engine("/download")


@pytest.mark.parametrize("call", ["upload", "transform", "progress", "download"])
def test_a_job_held_in_the_middle_of_a_call_stops_and_continues(driver: JobDriver, settings: Any, call: str) -> None:
    usual = settings.BUNDLED_ENGINE_WSGI
    settings.BUNDLED_ENGINE_WSGI = f"{__name__}.{call}_held"
    job = driver.submit()
    driver.run_until(job, Job.State.HELD)
    assert driver.count_results() == 0
    settings.BUNDLED_ENGINE_WSGI = usual
    release_job(job=job)
    driver.run_until(job, Job.State.DONE)
    assert (driver.count_charges(), driver.count_results()) == (1, 1)


def test_a_held_job_is_cancelled_here_and_at_the_service(driver: JobDriver) -> None:
    job = driver.run_turn(driver.submit())
    hold(job)
    assert cancel_job(job=job)
    assert (job.state, job.resume_state, job.held_reason) == (Job.State.CANCELLED, "", "")
    run_queue("io")
    assert Transform.objects.get().state == Transform.State.CANCELLED


def test_a_download_that_was_held_and_cancelled_continues_with_a_retry(alice: User) -> None:
    job = make_job(alice, state=Job.State.DOWNLOADING, trans_id="a" * 32)
    hold(job)
    cancel_job(job=job)
    assert (job.state, job.resume_state, job.cancel_requested) == (Job.State.CANCELLED, Job.State.DOWNLOADING, False)


def test_a_held_job_is_cancelled_before_it_is_deleted(alice: User) -> None:
    job = make_job(alice, state=Job.State.HELD)
    with pytest.raises(JobRefused, match="held"):
        delete_job(actor=as_actor(alice), job=job)
    cancel_job(job=job)
    delete_job(actor=as_actor(alice), job=job)
    assert not Job.objects.exists()


def test_page_and_list_show_the_reason_and_do_not_poll(alice: User, client: Client) -> None:
    client.force_login(alice)
    job = make_job(alice, state=Job.State.HELD)
    page, jobs = (client.get(url).content.decode() for url in (f"/jobs/{job.uuid}/", "/t/studio/jobs/"))
    for shown in (page, jobs):
        assert "Held" in shown
        assert HELD_REASON in shown
        assert "hx-trigger" not in shown
    assert 'id="cancel-job"' in page
    assert f"/jobs/{job.uuid}/delete/" not in page


def test_polling_ends_when_the_job_is_held(alice: User, client: Client) -> None:
    client.force_login(alice)
    job = make_job(alice, state=Job.State.HELD)
    response = client.get(f"/jobs/{job.uuid}/progress/", headers={"HX-Request": "true"})
    assert response["HX-Retarget"] == "#job"
    assert "hx-get" not in response.content.decode()


def test_enhance_says_that_its_job_is_held(driver: JobDriver, settings: Any, tmp_path: Path) -> None:
    settings.BUNDLED_ENGINE_WSGI = f"{__name__}.upload_held"
    photo = tmp_path / "photo.png"
    photo.write_bytes(make_picture_file().getvalue())
    with pytest.raises(CommandError) as refusal:
        call_command("enhance", str(photo), str(tmp_path / "out.png"), "--feature", "denoise")
    assert f"The job is held: {HELD_REASON}" in str(refusal.value)
