"""Webhooks of services on the network: hints that anybody may send, and that only the service can confirm."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.jobs.conftest import JobDriver, run_queue
from tests.jobs.path_service import PathService, connect, run_path_service
from vanceweb.jobs.models import Job, ServicePoll
from vanceweb.jobs.service_polls import REMOTE_POLL_SECONDS
from vanceweb.jobs.sweeps import wake_due_polls

BASE = "https://studio.example"


@pytest.fixture
def service() -> Iterator[PathService]:
    with run_path_service() as running:
        running.status = "webhook"
        yield running


@pytest.fixture
def hosted(driver: JobDriver, service: PathService, settings: Any) -> JobDriver:
    settings.PUBLIC_URL, settings.PUBLIC_URL_REACHABLE = BASE, True
    return connect(driver, service)


def submit_and_park(driver: JobDriver) -> Job:
    job = driver.submit()
    run_queue("io")
    job.refresh_from_db()
    assert job.is_parked
    # The first poll would come soon anyway. Later ones are rarer.
    ServicePoll.objects.update(not_before=timezone.now() + timedelta(seconds=30))
    return job


def get_hook(service: PathService) -> str:
    return service.get_forms("/transform")[-1]["webhook"].removeprefix(BASE)


def test_the_end_told_by_the_service_is_confirmed_and_the_result_fetched(
    hosted: JobDriver, service: PathService, client: Client
) -> None:
    job = submit_and_park(hosted)
    service.status = "finish"
    response = client.post(get_hook(service), b'{"data": {"status": "finish"}}', content_type="application/json")
    assert (response.status_code, response.content) == (204, b"")
    run_queue("io")
    job.refresh_from_db()
    asked = [path for path in service.paths if path in ("/progress", "/download")]
    assert (job.state, asked[-2:]) == (Job.State.DONE, ["/progress", "/download"])


def test_a_forged_hint_has_the_service_asked_and_changes_nothing_else(
    hosted: JobDriver, service: PathService, client: Client
) -> None:
    job = submit_and_park(hosted)
    client.post(get_hook(service), {"status": "finish", "trans_id": job.trans_id})
    run_queue("io")
    job.refresh_from_db()
    assert (job.is_parked, job.state, service.count("/progress")) == (True, Job.State.PROCESSING, 1)


def test_a_flood_of_hints_has_the_service_asked_at_the_usual_pace(
    hosted: JobDriver, service: PathService, client: Client, django_assert_num_queries: Any
) -> None:
    submit_and_park(hosted)
    hook = get_hook(service)
    client.post(hook)
    run_queue("io")
    client.post(hook)
    due = ServicePoll.objects.get()
    assert due.not_before is not None
    assert due.polled_at is not None
    assert (due.not_before - due.polled_at).total_seconds() >= REMOTE_POLL_SECONDS
    # From the second one on: the job, its poll, and an update without effect in a transaction.
    with django_assert_num_queries(5):
        client.post(hook)
    run_queue("io")
    assert (service.count("/progress"), ServicePoll.objects.get().not_before) == (1, due.not_before)


def test_an_unknown_secret_is_not_found(hosted: JobDriver, service: PathService, client: Client) -> None:
    submit_and_park(hosted)
    response = client.post("/hooks/guessed/", b"x" * 100_000, content_type="application/octet-stream")
    assert (response.status_code, response.content) == (404, b"")
    assert wake_due_polls() == 0


def test_only_the_digest_of_the_secret_is_stored_and_each_transform_has_its_own(
    hosted: JobDriver, service: PathService
) -> None:
    first, second = submit_and_park(hosted), submit_and_park(hosted)
    hooks = [form["webhook"] for form in service.get_forms("/transform")]
    assert len({*hooks, first.hook_digest, second.hook_digest}) == 4
    assert not [hook for hook in hooks if hook.rstrip("/").split("/")[-1] in (first.hook_digest, second.hook_digest)]


def test_a_hint_about_a_job_that_has_ended_does_nothing(
    hosted: JobDriver, service: PathService, client: Client
) -> None:
    job = submit_and_park(hosted)
    Job.objects.filter(pk=job.pk).update(state=Job.State.DONE)
    assert client.post(get_hook(service)).status_code == 204
    assert wake_due_polls() == 0


def test_a_lost_hint_only_costs_time(hosted: JobDriver, service: PathService) -> None:
    job = submit_and_park(hosted)
    service.status = "finish"
    ServicePoll.objects.update(not_before=timezone.now(), woken_at=None)
    wake_due_polls()
    run_queue("io")
    job.refresh_from_db()
    assert job.state == Job.State.DONE


def test_a_hint_needs_no_csrf_token_and_no_login(hosted: JobDriver, service: PathService) -> None:
    submit_and_park(hosted)
    assert Client(enforce_csrf_checks=True).post(get_hook(service)).status_code == 204


def test_no_webhook_is_sent_if_services_cant_reach_the_site(
    hosted: JobDriver, service: PathService, settings: Any
) -> None:
    settings.PUBLIC_URL_REACHABLE = False
    service.status = "process"
    assert submit_and_park(hosted).hook_digest == ""
    assert "webhook" not in service.get_forms("/transform")[0]


def test_the_bundled_engine_gets_no_webhook(driver: JobDriver, settings: Any) -> None:
    settings.PUBLIC_URL, settings.PUBLIC_URL_REACHABLE = BASE, True
    assert submit_and_park(driver).hook_digest == ""
