"""Deliveries to webhooks: three attempts with pauses, each to a checked address, through the real queue."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from tests.engine.conftest import DENOISE, Caller
from tests.lib.test_outbound_http import RecordingServer, run_recording_server
from vanceweb.engine.models import Transform, WebhookDelivery
from vanceweb.engine.sweeps import wake_due_deliveries
from vanceweb.engine.tasks import deliver_webhooks
from vanceweb.engine.webhooks import WEBHOOKS_AT_ONCE_PER_HOST, attempt_next_delivery

Work = Callable[..., None]
State = WebhookDelivery.State


@pytest.fixture
def receiver(settings: Settings) -> Iterator[RecordingServer]:
    settings.ENGINE_WEBHOOK_ALLOWED_HOSTS = ["localhost"]
    with run_recording_server() as receiver:
        yield receiver


def submit_with_webhook(caller: Caller, receiver: RecordingServer, **fields: Any) -> str:
    url = f"http://localhost:{receiver.port}/hook/the-secret"
    answer = caller.post("transform", uid=caller.create_upload(), jconfig=DENOISE, webhook=url, **fields)
    assert answer["data"]["status"] == "webhook"
    trans_id: str = answer["data"]["trans_id"]
    return trans_id


def fail_with_webhook(caller: Caller, receiver: RecordingServer, work: Work) -> None:
    """Submit a job and run it to its end, which is quick since its upload is gone."""
    submit_with_webhook(caller, receiver)
    Transform.objects.update(upload=None)
    work("engine")


def make_deliveries_due() -> None:
    """Skip the pause before the next attempt."""
    WebhookDelivery.objects.update(not_before=timezone.now() - timedelta(seconds=1))


def test_the_end_is_posted_as_the_progress_envelope_with_both_ids(
    alice: Caller, receiver: RecordingServer, work: Work
) -> None:
    trans_id = submit_with_webhook(alice, receiver)
    work("engine")
    work("io")
    ((path, _, body),) = receiver.seen
    assert path == "/hook/the-secret"
    assert (body["code"], body["cscode"]) == (200, 200)
    expected = alice.post("progress", trans_id=trans_id)["data"]
    assert body["data"] == expected | {"trans_id": trans_id, "uid": Transform.objects.get().uid}
    assert body["data"]["status"] == "finish"
    assert WebhookDelivery.objects.get().state == State.DELIVERED


def test_a_failed_job_is_reported_too(alice: Caller, receiver: RecordingServer, work: Work) -> None:
    fail_with_webhook(alice, receiver, work)
    work("io")
    assert receiver.seen[0][2]["data"]["status"] == "fatal"


@pytest.mark.parametrize("running", [False, True])
def test_a_cancelled_job_is_not_reported(alice: Caller, receiver: RecordingServer, work: Work, running: bool) -> None:
    trans_id = submit_with_webhook(alice, receiver)
    if running:
        # As if it had been cancelled just after the worker claimed it.
        Transform.objects.update(cancel_requested=True)
    else:
        alice.post("cancel", trans_id=trans_id)
    work("engine")
    work("io")
    transform = Transform.objects.get()
    assert (transform.state, transform.webhook) == (Transform.State.CANCELLED, "")
    assert receiver.seen == []
    assert not WebhookDelivery.objects.exists()


def test_the_secret_url_is_deleted_after_delivery(alice: Caller, receiver: RecordingServer, work: Work) -> None:
    submit_with_webhook(alice, receiver)
    work("engine")
    work("io")
    assert WebhookDelivery.objects.get().url == ""
    assert Transform.objects.get().webhook == ""


@pytest.mark.parametrize(
    "url",
    ["https://your-domain/path/to/webhook", "https://your.domain/path/to/webhook", "http://no-such-host.invalid/"],
)
def test_a_host_that_is_not_found_is_accepted_and_given_up_after_three_attempts(
    alice: Caller, work: Work, settings: Settings, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ENGINE_WEBHOOK_PAUSES = (0, 0)
    answer = alice.post("transform", uid=alice.create_upload(), jconfig=DENOISE, webhook=url)
    assert (answer["code"], answer["data"]["status"]) == (200, "webhook")
    work("engine")
    for _ in range(3):
        assert attempt_next_delivery()
    assert not attempt_next_delivery()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.url) == (State.FAILED, 3, "")
    assert caplog.text.count("The URL's host can't be found.") == 3
    assert alice.post("progress", trans_id=answer["data"]["trans_id"])["data"]["status"] == "finish"


class TestAttempts:
    @pytest.fixture
    def delivery(self, alice: Caller, receiver: RecordingServer, work: Work) -> WebhookDelivery:
        fail_with_webhook(alice, receiver, work)
        DBTaskResult.objects.all().delete()
        return WebhookDelivery.objects.get()

    @pytest.mark.parametrize("status", [400, 404, 500])
    def test_there_are_three_after_two_and_ten_seconds(
        self, status: int, delivery: WebhookDelivery, receiver: RecordingServer
    ) -> None:
        receiver.status = status
        pauses = []
        for _ in range(3):
            before = timezone.now()
            assert attempt_next_delivery()
            delivery.refresh_from_db()
            pauses.append(round((delivery.not_before - before).total_seconds()))
            make_deliveries_due()
        assert pauses[:2] == [2, 10]
        assert not attempt_next_delivery()
        assert len(receiver.seen) == 3
        delivery.refresh_from_db()
        assert (delivery.state, delivery.attempts, delivery.url) == (State.FAILED, 3, "")

    def test_no_attempt_is_made_before_its_time(self, delivery: WebhookDelivery, receiver: RecordingServer) -> None:
        receiver.status = 500
        assert attempt_next_delivery()
        assert not attempt_next_delivery()
        assert len(receiver.seen) == 1

    @pytest.mark.parametrize("status", [200, 204, 302])
    def test_any_status_below_400_counts_as_delivered(
        self, status: int, delivery: WebhookDelivery, receiver: RecordingServer
    ) -> None:
        receiver.status = status
        assert attempt_next_delivery()
        delivery.refresh_from_db()
        assert delivery.state == State.DELIVERED

    def test_the_address_is_checked_at_every_attempt(
        self, delivery: WebhookDelivery, receiver: RecordingServer, settings: Settings
    ) -> None:
        settings.ENGINE_WEBHOOK_ALLOWED_HOSTS = []
        assert attempt_next_delivery()
        delivery.refresh_from_db()
        assert (delivery.state, delivery.attempts, receiver.seen) == (State.WAITING, 1, [])

    def test_the_log_names_the_host_and_not_the_secret(
        self, delivery: WebhookDelivery, receiver: RecordingServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        receiver.status = 500
        attempt_next_delivery()
        assert "localhost" in caplog.text
        assert "the-secret" not in caplog.text


def test_the_sweeper_wakes_a_worker_for_the_second_attempt(
    alice: Caller, receiver: RecordingServer, work: Work, settings: Settings
) -> None:
    settings.ENGINE_WEBHOOK_PAUSES = (0.3, 0.3)
    receiver.status = 503
    fail_with_webhook(alice, receiver, work)
    work("io")
    receiver.status = 200
    time.sleep(0.4)
    assert wake_due_deliveries() == 1
    work("io")
    assert len(receiver.seen) == 2
    assert WebhookDelivery.objects.get().state == State.DELIVERED


@pytest.mark.django_db(transaction=True)
def test_a_receiver_that_hangs_delays_only_its_own_deliveries(
    alice: Caller, receiver: RecordingServer, finished: Callable[..., Transform], settings: Settings
) -> None:
    settings.ENGINE_WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        slow = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        for url in [slow] * (WEBHOOKS_AT_ONCE_PER_HOST + 2) + [f"http://localhost:{receiver.port}/"]:
            WebhookDelivery.objects.create(transform=finished(alice.account), url=url, payload={})
        hanging = [threading.Thread(target=attempt_and_close) for _ in range(WEBHOOKS_AT_ONCE_PER_HOST)]
        for thread in hanging:
            thread.start()
        while WebhookDelivery.objects.filter(state=State.SENDING).count() < WEBHOOKS_AT_ONCE_PER_HOST:
            time.sleep(0.02)
        assert attempt_next_delivery()
        assert len(receiver.seen) == 1
        assert not attempt_next_delivery()
        for _ in hanging:
            silent.accept()[0].close()
        for thread in hanging:
            thread.join()
    assert attempt_next_delivery()


def attempt_and_close() -> None:
    try:
        attempt_next_delivery()
    finally:
        connections.close_all()


def test_a_delivery_that_found_no_free_slot_follows_without_the_sweeper(
    alice: Caller, receiver: RecordingServer, finished: Callable[..., Transform], work: Work
) -> None:
    for _ in range(3):
        WebhookDelivery.objects.create(
            transform=finished(alice.account), url=f"http://localhost:{receiver.port}/", payload={}
        )
    # One message: the others were used up while all slots were taken.
    deliver_webhooks.enqueue()
    work("io")
    assert len(receiver.seen) == 3
