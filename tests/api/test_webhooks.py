"""Webhooks: told of the ends of jobs, signed, again after a failure, and never of anything private."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.conftest import as_actor
from tests.factories import make_job, make_private
from tests.lib.test_outbound_http import RecordingServer, run_recording_server
from vanceweb.api.models import Webhook, WebhookDelivery
from vanceweb.api.sweeps import remove_old_rows, report_ended_jobs
from vanceweb.api.webhook_deliveries import DELIVERY_PAUSES, attempt_next_delivery
from vanceweb.api.webhook_services import NewWebhook, WebhookValues, create_webhook
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import cancel_job
from vanceweb.teams.models import AuditAction, AuditEvent, User

State = WebhookDelivery.State
ALL = ("job.done", "job.failed", "job.cancelled")


@pytest.fixture
def receiver() -> Iterator[RecordingServer]:
    with run_recording_server() as server:
        yield server


@pytest.fixture
def created(alice: User, receiver: RecordingServer) -> NewWebhook:
    url = f"http://127.0.0.1:{receiver.port}/the-secret-path"
    return create_webhook(actor=as_actor(alice), values=WebhookValues("Printer", url, ALL))


@pytest.fixture
def webhook(created: NewWebhook) -> Webhook:
    return created.row


def tell() -> list[WebhookDelivery]:
    """Look for ended jobs, and return all deliveries."""
    report_ended_jobs()
    return list(WebhookDelivery.objects.order_by("pk"))


class TestEvents:
    @pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
    def test_an_end_is_told_once(self, state: str, webhook: Webhook, alice: User) -> None:
        job = make_job(alice, state=state)
        for _ in range(3):
            (delivery,) = tell()
        told = json.loads(delivery.body)
        assert (told["event"], told["id"], told["team"]) == (f"job.{state}", str(delivery.uuid), "studio")
        assert (told["job"]["id"], told["job"]["state"]) == (str(job.uuid), state)
        assert (told["job"]["result"] is not None) is (state == "done")

    @pytest.mark.parametrize("state", ["queued", "processing", "held"])
    def test_a_job_that_goes_on_is_not_told(self, state: str, webhook: Webhook, alice: User) -> None:
        make_job(alice, state=state)
        assert tell() == []

    def test_a_cancelled_job_is_told_by_the_service_itself(self, webhook: Webhook, alice: User) -> None:
        job = make_job(alice, state="queued")
        assert cancel_job(job=job)
        assert [delivery.event for delivery in tell()] == ["job.cancelled"]

    def test_a_second_end_of_a_retried_job_is_told(self, webhook: Webhook, alice: User) -> None:
        job = make_job(alice, state="failed")
        tell()
        Job.objects.filter(pk=job.pk).update(finished_at=timezone.now())
        assert len(tell()) == 2

    def test_only_chosen_events(self, webhook: Webhook, alice: User) -> None:
        Webhook.objects.update(events=["job.failed"])
        make_job(alice)
        make_job(alice, state="failed")
        assert [delivery.event for delivery in tell()] == ["job.failed"]

    def test_ends_before_the_webhook_are_not_told(self, alice: User, receiver: RecordingServer) -> None:
        make_job(alice)
        create_webhook(actor=as_actor(alice), values=WebhookValues("Late", f"http://localhost:{receiver.port}/", ALL))
        assert tell() == []

    def test_an_end_that_became_visible_late_is_told(self, webhook: Webhook, alice: User) -> None:
        Webhook.objects.update(created_at=timezone.now() - timedelta(hours=1))
        tell()
        make_job(alice, finished_at=timezone.now() - timedelta(seconds=30))
        assert len(tell()) == 1

    def test_a_webhook_that_is_off_is_not_told(self, webhook: Webhook, alice: User) -> None:
        Webhook.objects.update(is_active=False)
        make_job(alice)
        assert tell() == []

    def test_another_teams_jobs_are_not_told(self, webhook: Webhook, charlie: User) -> None:
        make_job(charlie)
        assert tell() == []

    def test_a_job_without_its_connection_is_told(self, webhook: Webhook, alice: User) -> None:
        make_job(alice, state="failed", connection=None)
        assert len(tell()) == 1


class TestPrivacy:
    def test_a_private_job_is_not_told(self, webhook: Webhook, alice: User) -> None:
        make_private(make_job(alice), alice)
        assert tell() == []

    def test_a_job_that_became_private_is_not_sent(
        self, webhook: Webhook, receiver: RecordingServer, alice: User
    ) -> None:
        job = make_job(alice)
        tell()
        make_private(job, alice)
        assert attempt_next_delivery()
        delivery = WebhookDelivery.objects.get()
        assert (delivery.state, delivery.body, receiver.seen) == (State.DROPPED, "", [])

    def test_a_private_result_is_left_out(self, webhook: Webhook, alice: User) -> None:
        job = make_job(alice)
        assert job.result is not None
        make_private(job.result, alice)
        (delivery,) = tell()
        assert json.loads(delivery.body)["job"]["result"] is None


class TestDelivery:
    @pytest.fixture
    def told(self, webhook: Webhook, alice: User) -> WebhookDelivery:
        make_job(alice)
        return tell()[0]

    def test_it_is_signed(self, told: WebhookDelivery, created: NewWebhook, receiver: RecordingServer) -> None:
        assert attempt_next_delivery()
        path, headers, payload = receiver.seen[0]
        assert (path, payload) == ("/the-secret-path", json.loads(told.body))
        timestamp, signature = (part.split("=")[1] for part in headers["Vanceweb-Signature"].split(","))
        assert abs(int(timestamp) - timezone.now().timestamp()) < 60
        signed = f"{timestamp}.".encode() + told.body.encode()
        assert hmac.new(created.secret.encode(), signed, hashlib.sha256).hexdigest() == signature
        assert headers["Vanceweb-Delivery"] == str(told.uuid)
        told.refresh_from_db()
        assert (told.state, told.status, told.attempts) == (State.DELIVERED, 200, 1)

    @pytest.mark.parametrize("status", [302, 404, 500])
    def test_another_answer_is_a_failure_and_tried_again(
        self, status: int, told: WebhookDelivery, receiver: RecordingServer
    ) -> None:
        receiver.status = status
        assert attempt_next_delivery()
        assert not attempt_next_delivery()
        told.refresh_from_db()
        assert (told.state, told.status, told.attempts) == (State.WAITING, status, 1)
        assert told.not_before is not None
        assert told.not_before > timezone.now()

    def test_the_last_attempt_fails(self, told: WebhookDelivery, receiver: RecordingServer) -> None:
        receiver.status = 500
        for _ in range(len(DELIVERY_PAUSES) + 1):
            WebhookDelivery.objects.update(not_before=timezone.now())
            assert attempt_next_delivery()
        told.refresh_from_db()
        assert (told.state, told.attempts) == (State.FAILED, len(DELIVERY_PAUSES) + 1)
        assert len({headers["Vanceweb-Delivery"] for _path, headers, _body in receiver.seen}) == 1

    def test_a_private_address_is_checked_at_each_attempt(
        self, told: WebhookDelivery, receiver: RecordingServer, settings: Any
    ) -> None:
        settings.PRIVATE_ADDRESSES = "nobody"
        assert attempt_next_delivery()
        told.refresh_from_db()
        assert (told.state, told.status, receiver.seen) == (State.WAITING, 0, [])
        assert "not public" in told.error

    def test_the_log_names_no_secret(
        self, told: WebhookDelivery, receiver: RecordingServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        receiver.status = 500
        attempt_next_delivery()
        assert "127.0.0.1" in caplog.text
        assert "the-secret-path" not in caplog.text

    def test_old_deliveries_go(self, told: WebhookDelivery, receiver: RecordingServer) -> None:
        attempt_next_delivery()
        WebhookDelivery.objects.update(created_at=timezone.now() - timedelta(days=31))
        remove_old_rows()
        assert not WebhookDelivery.objects.exists()


class TestPages:
    PAGE = "/t/studio/webhooks/"

    def sign_in(self, user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    def test_an_admin_makes_one_and_sees_its_secret_once(self, admin: User, settings: Any) -> None:
        client = self.sign_in(admin)
        values = {"name": "Shop", "url": "http://localhost:9/x", "events": ["job.done"], "is_active": "on"}
        page = client.post(self.PAGE, values)
        assert page.status_code == 200, page.content
        secret = page.context["created"].secret
        assert secret in page.content.decode()
        row = Webhook.objects.get()
        for address in (self.PAGE, f"/webhooks/{row.uuid}/"):
            assert secret not in client.get(address).content.decode()
        assert row.secret.open() == secret
        assert AuditEvent.objects.filter(action=AuditAction.WEBHOOK_CREATED, target_name="Shop").exists()

    @pytest.mark.parametrize(
        "wrong", [{"url": "ftp://x.example/"}, {"url": "http://10.0.0.1/"}, {"events": []}, {"name": ""}]
    )
    def test_invalid_values_come_back(self, wrong: dict[str, Any], admin: User, settings: Any) -> None:
        settings.PRIVATE_ADDRESSES = "administrators"
        values = {"name": "Shop", "url": "http://8.8.8.8/", "events": ["job.done"]}
        assert self.sign_in(admin).post(self.PAGE, values | wrong).status_code == 422
        assert not Webhook.objects.exists()

    def test_others_are_refused(self, webhook: Webhook, bob: User, viewer: User, charlie: User) -> None:
        for user, status in ((bob, 403), (viewer, 403), (charlie, 404)):
            client = self.sign_in(user)
            for path in (self.PAGE, f"/webhooks/{webhook.uuid}/", f"/webhooks/{webhook.uuid}/delete/"):
                assert client.get(path).status_code == status
                assert client.post(path).status_code == status
        assert Webhook.objects.exists()

    def test_it_is_changed_and_switched_off(self, webhook: Webhook, admin: User) -> None:
        client = self.sign_in(admin)
        values = {"name": "New", "url": webhook.url, "events": ["job.failed"]}
        assert client.post(f"/webhooks/{webhook.uuid}/", values).status_code == 302
        changed = Webhook.objects.get()
        assert (changed.name, changed.events, changed.is_active) == ("New", ["job.failed"], False)
        assert AuditEvent.objects.get(action=AuditAction.WEBHOOK_CHANGED).details["state"] == "off"

    def test_it_is_deleted(self, webhook: Webhook, admin: User) -> None:
        client = self.sign_in(admin)
        assert client.get(f"/webhooks/{webhook.uuid}/delete/").status_code == 200
        assert client.post(f"/webhooks/{webhook.uuid}/delete/").status_code == 302
        assert not Webhook.objects.exists()
        assert AuditEvent.objects.filter(action=AuditAction.WEBHOOK_DELETED, target_name="Printer").exists()

    def test_a_delivery_is_sent_again(
        self, webhook: Webhook, receiver: RecordingServer, alice: User, admin: User
    ) -> None:
        make_job(alice)
        tell()
        attempt_next_delivery()
        client = self.sign_in(admin)
        delivery = WebhookDelivery.objects.get()
        assert "Send again" in client.get(f"/webhooks/{webhook.uuid}/").content.decode()
        assert client.post(f"/webhooks/{webhook.uuid}/deliveries/{delivery.uuid}/send/").status_code == 302
        assert attempt_next_delivery()
        assert receiver.seen[0][2] == receiver.seen[1][2]
