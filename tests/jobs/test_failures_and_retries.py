"""Failures of jobs: their sentences, and the state from which a retry continues."""

import json
import socket
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from tests.jobs.conftest import JobDriver, run_queue
from vanceweb.engine.ledger import grant_credits
from vanceweb.engine.models import Account, Transform, Upload
from vanceweb.engine.wsgi import application as engine
from vanceweb.gallery.models import Asset
from vanceweb.gallery.services import delete_asset
from vanceweb.jobs.conditions import JobRefused
from vanceweb.jobs.models import Job
from vanceweb.jobs.phases import MAX_TRANSFORMS
from vanceweb.jobs.services import delete_job
from vanceweb.vault.services import create_bundled_connection


@pytest.fixture
def driver_without_credits(driver: JobDriver, settings: Any) -> JobDriver:
    """A driver whose account has no credits."""
    settings.BUNDLED_ACCOUNT_CREDITS = 0
    driver.connection.delete()
    driver.connection = create_bundled_connection(team=driver.actor.team)
    return driver


def test_a_result_that_cant_be_paid_is_kept_for_the_retry(driver_without_credits: JobDriver) -> None:
    job = driver_without_credits.run_until(driver_without_credits.submit(), Job.State.FAILED)
    assert (job.error_code, job.resume_state) == (30004, Job.State.DOWNLOADING)
    assert "too few credits" in job.error
    grant_credits(account=Account.objects.latest("pk"), credits=Decimal(1))
    driver_without_credits.retry(job)
    driver_without_credits.run_until(job, Job.State.DONE)
    assert (Transform.objects.count(), Upload.objects.count(), driver_without_credits.count_charges()) == (1, 1, 1)


def test_a_retry_without_more_credits_fails_in_the_same_way(driver_without_credits: JobDriver) -> None:
    job = driver_without_credits.run_until(driver_without_credits.submit(), Job.State.FAILED)
    driver_without_credits.run_until(driver_without_credits.retry(job), Job.State.FAILED)
    assert (job.error_code, job.resume_state, Transform.objects.count()) == (30004, Job.State.DOWNLOADING, 1)


def test_what_the_engine_refuses_fails_in_plain_words(driver: JobDriver, settings: Any) -> None:
    job = driver.submit()
    # The site refuses what it knows to be too large, so the limit is lowered behind it.
    settings.ENGINE_MAX_OUTPUT_PIXELS = 100
    driver.run_until(job, Job.State.FAILED)
    assert job.error_code == 10012
    assert "The result would have 24 x 16 px" in job.error


def test_a_damaged_picture_fails_before_it_is_sent(driver: JobDriver) -> None:
    job = driver.submit()
    assert job.source is not None
    path = driver.media / job.source.file.name
    path.write_bytes(path.read_bytes()[:-40])
    driver.run_turn(job)
    assert (job.state, job.error) == (Job.State.FAILED, "The image is damaged or incomplete.")
    assert Upload.objects.count() == 0


@pytest.mark.parametrize("state", [Job.State.QUEUED, Job.State.DOWNLOADING])
def test_a_job_waits_for_a_busy_decoder(driver: JobDriver, settings: Any, tmp_path: Path, state: str) -> None:
    job = driver.submit()
    if state == Job.State.DOWNLOADING:
        while job.state != Job.State.PROCESSING or not job.trans_id:
            driver.run_turn(job)
        run_queue("engine")
    with (
        socket.socket(socket.AF_UNIX) as deaf,
        override_settings(DECODER_SOCKET=tmp_path / "deaf", DECODER_QUEUE_SECONDS=0.1),
    ):
        deaf.bind(str(tmp_path / "deaf"))
        deaf.listen()
        driver.run_turn(job)
    assert (job.state, job.setbacks) == (state, 1)
    assert job.error == "Too many pictures are being checked at the moment. Try again in a minute."
    driver.run_until(job, Job.State.DONE)
    assert (job.error, driver.count_charges(), driver.list_stray_files()) == ("", 1, [])


def test_a_picture_that_was_deleted_meanwhile_fails_and_cant_be_retried(driver: JobDriver) -> None:
    job = driver.submit()
    assert job.source is not None
    delete_asset(asset=job.source)
    driver.run_turn(job)
    assert (job.state, job.error) == (Job.State.FAILED, "The original picture was deleted before it could be sent.")
    assert not job.can_retry
    with pytest.raises(JobRefused, match="was removed"):
        driver.retry(job)


def test_a_connection_that_was_removed_meanwhile_fails_the_job(driver: JobDriver) -> None:
    job = driver.run_turn(driver.submit())
    driver.connection.delete()
    driver.run_turn(job)
    assert (job.state, job.connection_name) == (Job.State.FAILED, "Bundled engine")
    assert "removed" in job.error


def test_a_token_that_is_refused_again_and_again_fails_the_job_until_it_is_replaced(
    driver: JobDriver, settings: Any
) -> None:
    settings.JOB_MAX_SETBACKS = 0
    job = driver.run_turn(driver.submit())
    good = driver.connection.token
    driver.connection.token = "no-such-token-at-all"
    driver.connection.save()
    driver.run_turn(job)
    assert (job.state, job.error_code, job.resume_state) == (Job.State.FAILED, 30001, Job.State.PROCESSING)
    driver.connection.token = good
    driver.connection.save()
    driver.run_until(driver.retry(job), Job.State.DONE)
    assert Transform.objects.count() == 1


def test_a_token_that_cant_be_decrypted_fails_the_job_with_a_sentence(driver: JobDriver, settings: Any) -> None:
    job = driver.submit()
    settings.VAULT_KEYS = ["c2l4dGVlbi1ieXRlcy1hbmQtc2l4dGVlbi1tb3JlISE="]
    driver.run_turn(job)
    assert (job.state, "can't be decrypted" in job.error) == (Job.State.FAILED, True)


def test_a_retry_starts_with_the_upload_if_the_service_removed_the_result(driver: JobDriver) -> None:
    job = driver.run_turn(driver.submit())
    Transform.objects.all().delete()
    Upload.objects.all().delete()
    driver.run_turn(job)
    assert (job.state, job.error_code, job.resume_state) == (Job.State.FAILED, 10011, "")
    driver.run_until(driver.retry(job), Job.State.DONE)
    assert driver.count_charges() == 1


def test_an_upload_that_the_service_removed_is_sent_again(driver: JobDriver) -> None:
    job = driver.submit()
    Job.objects.filter(pk=job.pk).update(state=Job.State.PROCESSING, uid="0" * 32)
    job.refresh_from_db()
    driver.run_until(job, Job.State.DONE)
    assert Upload.objects.count() == 1


def test_a_moving_or_finished_job_cant_be_retried(driver: JobDriver) -> None:
    job = driver.submit()
    with pytest.raises(JobRefused):
        driver.retry(job)
    with pytest.raises(JobRefused):
        driver.retry(driver.run_until(job, Job.State.DONE))


def test_a_second_retry_changes_nothing(driver: JobDriver, settings: Any) -> None:
    job = driver.submit()
    settings.ENGINE_MAX_OUTPUT_PIXELS = 100
    driver.run_until(job, Job.State.FAILED)
    seen_before = Job.objects.get(pk=job.pk)
    driver.retry(job)
    with pytest.raises(JobRefused):
        driver.retry(seen_before)


def unreachable(environ: dict[str, Any], start_response: Any) -> Any:
    raise ConnectionError("the line is cut")


def broken_progress(environ: dict[str, Any], start_response: Any) -> Any:
    if environ["PATH_INFO"].endswith("/progress"):
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"code": 10010, "msg": "Internal error"}).encode()]
    return engine(environ, start_response)


def test_a_service_that_cant_be_reached_is_tried_again_with_longer_pauses(driver: JobDriver, settings: Any) -> None:
    settings.CLIENT_ATTEMPTS = 1
    settings.BUNDLED_ENGINE_WSGI = f"{__name__}.unreachable"
    job, pauses = driver.submit(), []
    for _ in range(3):
        driver.run_turn(job)
        pauses.append((job.not_before - job.woken_at).total_seconds())
    assert job.state == Job.State.UPLOADING
    assert pauses == [2.0, 4.0, 8.0]
    settings.BUNDLED_ENGINE_WSGI = "vanceweb.engine.wsgi.application"
    driver.run_until(job, Job.State.DONE)
    assert (job.setbacks, job.error) == (0, "")


@pytest.mark.parametrize(("application", "resumes"), [("unreachable", ""), ("broken_progress", Job.State.PROCESSING)])
def test_a_service_that_stays_unreachable_fails_the_job_but_a_retry_works(
    driver: JobDriver, settings: Any, application: str, resumes: str
) -> None:
    settings.CLIENT_ATTEMPTS, settings.JOB_MAX_SETBACKS = 1, 2
    settings.BUNDLED_ENGINE_WSGI = f"{__name__}.{application}"
    job = driver.submit()
    for _ in range(4):
        driver.run_turn(job)
    assert (job.state, job.resume_state, bool(job.error)) == (Job.State.FAILED, resumes, True)
    settings.BUNDLED_ENGINE_WSGI = "vanceweb.engine.wsgi.application"
    driver.run_until(driver.retry(job), Job.State.DONE)
    assert driver.count_charges() == 1


def lost_answer(environ: dict[str, Any], start_response: Any) -> Any:
    answer = engine(environ, start_response)
    if environ["PATH_INFO"].endswith("/transform"):
        raise ConnectionError("the line is cut")
    return answer


def test_a_transform_whose_answer_is_lost_is_sent_a_few_times_only(driver: JobDriver, settings: Any) -> None:
    settings.BUNDLED_ENGINE_WSGI = f"{__name__}.lost_answer"
    job = driver.submit()
    for _ in range(6):
        driver.run_turn(job)
    assert (job.state, job.transforms_sent) == (Job.State.FAILED, MAX_TRANSFORMS)
    assert Transform.objects.count() == MAX_TRANSFORMS
    assert driver.count_charges() == 0


def test_the_lost_transforms_of_a_job_are_not_charged(driver: JobDriver, settings: Any) -> None:
    settings.BUNDLED_ENGINE_WSGI = f"{__name__}.lost_answer"
    job = driver.run_turn(driver.submit())
    settings.BUNDLED_ENGINE_WSGI = "vanceweb.engine.wsgi.application"
    driver.run_until(job, Job.State.DONE)
    assert (Transform.objects.count(), driver.count_charges()) == (2, 1)


def test_deletion_includes_result_and_upload_with_their_files(driver: JobDriver) -> None:
    job = driver.run_until(driver.submit(), Job.State.DONE)
    delete_job(actor=driver.actor, job=job)
    assert (Job.objects.count(), Asset.objects.count(), driver.list_files()) == (0, 0, [])


def test_an_upload_that_another_job_uses_stays(driver: JobDriver) -> None:
    first, second = driver.submit(), driver.submit()
    Job.objects.filter(pk=second.pk).update(source=first.source)
    delete_job(actor=driver.actor, job=driver.run_until(first, Job.State.DONE))
    driver.run_until(Job.objects.get(pk=second.pk), Job.State.DONE)


def test_a_moving_job_is_not_deleted(driver: JobDriver) -> None:
    job = driver.submit()
    with pytest.raises(JobRefused, match="Cancel it first"):
        delete_job(actor=driver.actor, job=job)
    run_queue("io")
    assert Job.objects.filter(pk=job.pk).exists()
