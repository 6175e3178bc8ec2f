"""The callable in ENGINE_ON_END, which learns of each transform that ends."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from tests.engine.conftest import Caller
from vanceweb.engine.execution import execute_next_transform
from vanceweb.engine.models import Transform, WebhookDelivery
from vanceweb.engine.sweeps import fail_overdue_transforms

State = Transform.State
NOTICES: list[tuple[str, str, bool]] = []


def record(trans_id: str) -> None:
    NOTICES.append((trans_id, Transform.objects.get(trans_id=trans_id).state, connection.in_atomic_block))


def refuse(trans_id: str) -> None:
    raise RuntimeError("broken on purpose")


@pytest.fixture(autouse=True)
def notices(settings: Settings) -> None:
    settings.ENGINE_ON_END = f"{__name__}.record"
    NOTICES.clear()


@pytest.mark.django_db(transaction=True)
class TestNotice:
    def test_an_end_is_told_once_and_in_its_transaction(self, alice: Caller) -> None:
        trans_id = alice.create_transform()
        execute_next_transform()
        execute_next_transform()
        assert [(trans_id, State.FINISHED, True)] == NOTICES

    def test_a_failure_is_told(self, alice: Caller) -> None:
        trans_id = alice.create_transform()
        Transform.objects.update(upload=None)
        execute_next_transform()
        assert [(trans_id, State.FAILED, True)] == NOTICES

    def test_a_cancellation_is_told(self, alice: Caller) -> None:
        trans_id = alice.create_transform()
        alice.post("cancel", trans_id=trans_id)
        alice.post("cancel", trans_id=trans_id)
        assert [(trans_id, State.CANCELLED, True)] == NOTICES

    def test_a_run_that_the_sweeper_ends_is_told(self, alice: Caller) -> None:
        trans_id = alice.create_transform()
        Transform.objects.update(state=State.RUNNING, started_at=timezone.now() - timedelta(days=1))
        fail_overdue_transforms()
        fail_overdue_transforms()
        assert [(trans_id, State.FAILED, True)] == NOTICES

    def test_an_end_that_can_not_be_told_is_not_written(self, alice: Caller, settings: Settings) -> None:
        settings.ENGINE_ON_END = f"{__name__}.refuse"
        settings.ENGINE_WEBHOOK_ALLOWED_HOSTS = ["localhost"]
        alice.create_transform()
        Transform.objects.update(upload=None, webhook="http://localhost:9/")
        with pytest.raises(RuntimeError):
            execute_next_transform()
        transform = Transform.objects.get()
        assert (transform.state, transform.finished_at, transform.webhook) == (
            State.RUNNING,
            None,
            "http://localhost:9/",
        )
        assert not WebhookDelivery.objects.exists()

    def test_without_a_callable_nobody_is_told(self, alice: Caller, settings: Settings) -> None:
        settings.ENGINE_ON_END = ""
        alice.post("cancel", trans_id=alice.create_transform())
        assert (Transform.objects.get().state, NOTICES) == (State.CANCELLED, [])
