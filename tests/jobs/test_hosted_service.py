"""Jobs on a service with unusual responses: a scripted server over real HTTP."""

import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.client.fake_service import (
    FakeService,
    Reply,
    reply_bytes,
    reply_error,
    reply_html,
    reply_success,
    run_fake_service,
)
from tests.conftest import make_picture_file
from tests.jobs.conftest import JobDriver
from tests.lib.peculiar_pictures import build_apng
from vanceweb.gallery.services import store_upload
from vanceweb.jobs.models import Job, ServicePoll
from vanceweb.jobs.service_polls import REMOTE_POLL_SECONDS
from vanceweb.vault.models import Connection

UID, TRANS_ID = "a" * 32, "b" * 32
PICTURE = make_picture_file().getvalue()
UPLOADED = reply_success({"uid": UID, "name": "holiday.png", "thumbnail": "", "w": 24, "h": 16, "filesize": 100})
RESULT = reply_bytes(PICTURE, kind="image/png")


def transformed(status: str) -> Reply:
    return reply_success({"trans_id": TRANS_ID, "status": status})


def progressed(status: str) -> Reply:
    return reply_success({"status": status, "filesize": "100"})


@pytest.fixture
def service() -> Iterator[FakeService]:
    with run_fake_service() as running:
        yield running


@pytest.fixture
def hosted(driver: JobDriver, service: FakeService, settings: Any) -> JobDriver:
    settings.CLIENT_ATTEMPTS, settings.JOB_MAX_SETBACKS = 1, 2
    driver.connection = Connection.objects.create(
        **driver.actor.own().to_fields(),
        name="Bob's secret plan",
        service=Connection.Service.HOSTED,
        base_url=service.base_url,
        token="token-of-the-hosted-service",
    )
    return driver


def run_until_ended(driver: JobDriver, job: Job | None = None) -> Job:
    """Run turns until the job has ended."""
    job = job or driver.submit()
    for _ in range(12):
        if job.has_ended:
            return job
        driver.run_turn(job)
    raise AssertionError(f"the job stays {job.state}: {job.error}")


def get_paths(service: FakeService) -> list[str]:
    return [seen.path for seen in service.requests]


def test_a_service_that_waits_for_its_result_is_not_asked_for_progress(hosted: JobDriver, service: FakeService) -> None:
    service.set_replies(UPLOADED, transformed("finish"), RESULT)
    job = run_until_ended(hosted)
    assert (job.state, job.trans_id) == (Job.State.DONE, TRANS_ID)
    assert get_paths(service) == ["/upload", "/transform", "/download"]
    assert "wait" not in service.requests[1].form


def test_a_service_that_works_on_one_picture_of_several_is_seen_to(hosted: JobDriver, service: FakeService) -> None:
    service.set_replies(UPLOADED, transformed("finish"), RESULT)
    source = store_upload(actor=hosted.actor, file=io.BytesIO(build_apng()), name="moving.png")
    job = run_until_ended(hosted, hosted.submit(source=source))
    assert job.note == "The file has 3 pictures: only the first was worked on."


def test_a_service_that_keeps_all_pictures_has_dropped_none(hosted: JobDriver, service: FakeService) -> None:
    service.set_replies(UPLOADED, transformed("finish"), reply_bytes(build_apng(), kind="image/png"))
    source = store_upload(actor=hosted.actor, file=io.BytesIO(build_apng()), name="moving.png")
    assert run_until_ended(hosted, hosted.submit(source=source)).note == ""


@pytest.mark.parametrize("status", ["busy", "process", "waiting", "webhook"])
def test_a_job_that_waits_for_its_service_is_parked_and_the_connection_polled(
    hosted: JobDriver, service: FakeService, status: str
) -> None:
    service.set_replies(UPLOADED, transformed(status), progressed("process"), progressed("finish"), RESULT)
    before = timezone.now()
    job = hosted.run_turn(hosted.submit())
    assert (job.state, job.not_before, job.is_parked) == (Job.State.PROCESSING, None, True)
    due = ServicePoll.objects.get(connection=hosted.connection).not_before
    assert due is not None
    assert due >= before + timedelta(seconds=REMOTE_POLL_SECONDS)
    assert run_until_ended(hosted, job).state == Job.State.DONE
    assert get_paths(service) == ["/upload", "/transform", "/progress", "/progress", "/download"]


def test_transient_errors_at_any_call_cause_no_second_transform(hosted: JobDriver, service: FakeService) -> None:
    service.set_replies(
        *(reply_html(502), UPLOADED),
        transformed("busy"),
        *(reply_error(10010, "Internal error"), reply_bytes(b"<html>"), progressed("finish")),
        *(reply_html(503), reply_bytes(PICTURE[:-30], kind="image/png", length=len(PICTURE)), RESULT),
    )
    assert run_until_ended(hosted).state == Job.State.DONE
    assert get_paths(service).count("/transform") == 1


@pytest.mark.parametrize(
    ("answers", "code", "words", "resumes"),
    [
        ([reply_error(10012, "too large")], 10012, "too large", ""),
        ([reply_success({"name": "no uid"})], None, "", ""),
        ([reply_bytes(b"<html>hello")], None, "", ""),
        ([UPLOADED, reply_error(10013, "jconfig parse error")], 10013, "jconfig parse error", ""),
        ([UPLOADED, transformed("fatal")], 10014, "could not process", ""),
        ([UPLOADED, transformed("busy"), progressed("fatal")], 10014, "could not process", ""),
        ([UPLOADED, transformed("busy"), reply_error(10014, "exited")], 10014, "exited", ""),
        ([UPLOADED, transformed("busy"), progressed("flying")], None, "not understood", "processing"),
        ([UPLOADED, transformed("busy"), reply_error(10011, "unknown")], 10011, "no longer has", ""),
        ([UPLOADED, transformed("finish"), reply_error(30004, "poor")], 30004, "too few credits", "downloading"),
        ([UPLOADED, transformed("finish"), reply_error(10011, "gone")], 10011, "no longer has", ""),
        ([UPLOADED, transformed("finish"), reply_success({"url": "x"})], None, "", "downloading"),
        (
            [UPLOADED, transformed("finish"), reply_bytes(b"GIF89a" + PICTURE, kind="image/gif")],
            None,
            "",
            "downloading",
        ),
        ([UPLOADED, transformed("finish"), reply_bytes(b"", kind="image/png")], None, "", "downloading"),
        ([UPLOADED, transformed("finish"), reply_error(12345, "new in 2030")], 12345, "new in 2030", ""),
    ],
)
def test_an_unusual_response_gives_a_sentence_and_a_retry_works(
    hosted: JobDriver, service: FakeService, answers: list[Reply], code: int | None, words: str, resumes: str
) -> None:
    service.set_replies(*answers)
    job = run_until_ended(hosted)
    assert (job.state, job.error_code, job.resume_state) == (Job.State.FAILED, code, resumes)
    assert words in job.error
    assert job.error
    assert not [secret for secret in ("token-of-the-hosted-service", "Bob's secret plan") if secret in job.error]
    assert hosted.count_results() == 0
    assert get_paths(service).count("/transform") <= 1
    service.set_replies(*([] if resumes else [UPLOADED, transformed("finish")]), RESULT)
    if resumes == Job.State.PROCESSING:
        service.set_replies(progressed("finish"), RESULT)
    assert run_until_ended(hosted, hosted.retry(job)).state == Job.State.DONE


def test_a_result_whose_pixels_are_damaged_is_downloaded_again(hosted: JobDriver, service: FakeService) -> None:
    middle = len(PICTURE) // 2
    damaged = PICTURE[:middle] + bytes(8) + PICTURE[middle + 8 :]
    service.set_replies(UPLOADED, transformed("finish"), reply_bytes(damaged, kind="image/png"), RESULT)
    job = run_until_ended(hosted)
    assert (job.state, get_paths(service).count("/download")) == (Job.State.DONE, 2)
    assert job.result is not None
    assert sorted(path.suffix for path in (hosted.media / job.result.folder).iterdir()) == [".png", ".webp", ".webp"]


@pytest.mark.parametrize(("told", "stored"), [({}, ""), ({"version": "hosted 7"}, "hosted 7")])
def test_the_version_of_a_service_is_stored_if_it_tells_one(
    hosted: JobDriver, service: FakeService, told: dict[str, str], stored: str
) -> None:
    finished = reply_success({"status": "finish", "filesize": "100"} | told)
    service.set_replies(UPLOADED, transformed("process"), finished, RESULT)
    job = run_until_ended(hosted)
    assert job.result is not None
    assert (job.result.engine_version, job.result.backend) == (stored, "")


def test_a_service_without_cancellation_is_asked_once(hosted: JobDriver, service: FakeService) -> None:
    service.set_replies(UPLOADED, transformed("busy"), reply_error(10001, "no such path"))
    job = hosted.run_turn(hosted.submit())
    Job.objects.filter(pk=job.pk).update(state=Job.State.CANCELLED, cancel_requested=True)
    hosted.run_turn(job)
    assert (job.cancel_requested, get_paths(service)[-1]) == (False, "/cancel")
