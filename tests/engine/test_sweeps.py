"""The sweeper: rows that it enqueues again, ends and removes."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from tests.engine.conftest import Caller
from vanceweb.engine.ledger import charge_download
from vanceweb.engine.models import LedgerEntry, Transform, Upload, WebhookDelivery
from vanceweb.engine.sweeps import (
    delete_expired_files,
    fail_overdue_transforms,
    wake_due_deliveries,
    wake_due_transforms,
)
from vanceweb.lib.wakeups import REWAKE_SECONDS

Make = Callable[..., Transform]
State = Transform.State
DAY = timedelta(hours=24)
SECOND = timedelta(seconds=1)


@pytest.fixture
def waiting(alice: Caller) -> Transform:
    alice.create_transform()
    return Transform.objects.get()


def count_messages() -> int:
    return DBTaskResult.objects.filter(task_path="vanceweb.engine.tasks.run_transforms").count()


class TestWaking:
    def test_a_transform_that_was_just_submitted_has_its_message(self, waiting: Transform) -> None:
        assert (wake_due_transforms(), count_messages()) == (0, 1)

    def test_a_transform_whose_message_was_lost_gets_another_after_a_while(self, waiting: Transform) -> None:
        DBTaskResult.objects.all().delete()
        Transform.objects.update(woken_at=timezone.now() - (REWAKE_SECONDS + 1) * SECOND)
        assert [wake_due_transforms(), wake_due_transforms()] == [1, 0]
        assert count_messages() == 1

    def test_a_transform_whose_worker_died_gets_another_at_once(self, waiting: Transform) -> None:
        now = timezone.now()
        Transform.objects.update(
            state=State.RUNNING, woken_at=now - 5 * SECOND, lease_token=None, lease_until=now - SECOND
        )
        assert [wake_due_transforms(), wake_due_transforms()] == [1, 0]

    def test_a_transform_that_a_worker_holds_gets_none(self, waiting: Transform) -> None:
        now = timezone.now()
        Transform.objects.update(state=State.RUNNING, woken_at=now - DAY, lease_until=now + 5 * SECOND)
        assert wake_due_transforms() == 0

    def test_a_delivery_gets_one_when_its_next_attempt_is_due(self, alice: Caller, finished: Make) -> None:
        now = timezone.now()
        WebhookDelivery.objects.create(
            transform=finished(alice.account),
            url="https://example.com/",
            payload={},
            woken_at=now,
            not_before=now + SECOND,
        )
        assert wake_due_deliveries() == 0
        WebhookDelivery.objects.update(woken_at=now - 2 * SECOND, not_before=now - SECOND)
        assert [wake_due_deliveries(), wake_due_deliveries()] == [1, 0]
        assert DBTaskResult.objects.get().queue_name == "io"


class TestOverdue:
    def test_a_run_that_hangs_is_ended_and_its_worker_loses_the_row(
        self, waiting: Transform, settings: Settings
    ) -> None:
        limit = (settings.ENGINE_MAX_RUN_SECONDS + settings.LEASE_SECONDS) * SECOND
        Transform.objects.update(state=State.RUNNING, started_at=timezone.now() - limit + 60 * SECOND)
        fail_overdue_transforms()
        assert Transform.objects.get().state == State.RUNNING
        Transform.objects.update(started_at=timezone.now() - limit - SECOND)
        fail_overdue_transforms()
        transform = Transform.objects.get()
        assert (transform.state, transform.lease_token) == (State.FAILED, None)
        assert "too long" in transform.message


class TestExpiry:
    def test_results_and_uploads_are_deleted_after_a_day_and_the_ledger_is_kept(
        self, alice: Caller, finished: Make, engine_files: Path
    ) -> None:
        uid = alice.create_upload()
        transform = finished(alice.account)
        charge_download(transform=transform)
        leftover = engine_files / transform.get_result_path(2)
        leftover.write_bytes(b"of a worker that was killed")
        old = timezone.now() - DAY - SECOND
        Transform.objects.update(finished_at=old, attempts=2)
        Upload.objects.update(created_at=old)
        delete_expired_files()
        assert not Transform.objects.exists()
        assert not Upload.objects.exists()
        assert [path for path in engine_files.rglob("*") if path.is_file()] == []
        assert alice.post("download", trans_id=transform.trans_id)["code"] == 10011
        assert alice.post("transform", uid=uid, jconfig="{}")["code"] == 10011
        assert LedgerEntry.objects.charges().get().trans_id == transform.trans_id
        assert alice.post("points/record")["data"]["total"] == 1

    def test_nothing_is_deleted_earlier(self, alice: Caller, finished: Make) -> None:
        alice.create_upload()
        finished(alice.account)
        young = timezone.now() - DAY + 60 * SECOND
        Transform.objects.update(finished_at=young)
        Upload.objects.update(created_at=young)
        delete_expired_files()
        assert (Transform.objects.count(), Upload.objects.count()) == (1, 2)

    def test_an_upload_that_a_job_still_needs_is_kept(self, waiting: Transform) -> None:
        Upload.objects.update(created_at=timezone.now() - 2 * DAY)
        delete_expired_files()
        assert Upload.objects.exists()
        Transform.objects.update(state=State.CANCELLED, finished_at=timezone.now())
        delete_expired_files()
        assert not Upload.objects.exists()
        assert Transform.objects.get().uid == waiting.uid
