"""The one sweep that wakes workers for all kinds of work, on the kinds of the bundled engine."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks.base import Task
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from tests.lib.models import Work
from tests.ops.worker_tasks import take_work
from vanceweb.engine.models import Account, Transform
from vanceweb.engine.tasks import run_transforms
from vanceweb.lib.wakeups import BATCH, REWAKE_SECONDS
from vanceweb.ops.sweeps import wake_due_rows_of_all_kinds

LATE = timedelta(seconds=REWAKE_SECONDS + 1)
OTHER_KIND = {"tests.ops.worker_tasks.take_work": "tests.ops.worker_tasks.wake_due_work"}
WAITING = 300


def count_messages() -> int:
    return DBTaskResult.objects.filter(status="READY").count()


@pytest.fixture
def long_queue(db: None) -> None:
    """More waiting transforms than one sweep wakes, all without messages."""
    account = Account.objects.create(name="Alice", token_prefix="a", token_digest="a")
    Transform.objects.bulk_create(
        Transform(
            account=account, uid="u", jconfig="{}", job="denoise", cost=Decimal(1), woken_at=timezone.now() - LATE
        )
        for _ in range(WAITING)
    )


@pytest.mark.usefixtures("long_queue")
class TestLongQueue:
    def test_it_gets_one_batch_of_messages_and_no_more_while_they_wait(self) -> None:
        counts = []
        for _ in range(3):
            wake_due_rows_of_all_kinds()
            counts.append(count_messages())
            # As if the next sweep came after all of these messages count as lost.
            Transform.objects.update(woken_at=timezone.now() - LATE)
        assert counts == [BATCH] * 3

    def test_its_own_messages_are_enough(self) -> None:
        for _ in range(WAITING):
            run_transforms.enqueue()
        wake_due_rows_of_all_kinds()
        assert count_messages() == WAITING

    def test_it_does_not_delay_other_kinds(self, settings: Settings) -> None:
        wake_due_rows_of_all_kinds()
        settings.WAKEUPS = settings.WAKEUPS | {
            "tests.ops.worker_tasks.take_work": "tests.ops.worker_tasks.wake_due_work"
        }
        Work.objects.create(woken_at=timezone.now() - LATE)
        wake_due_rows_of_all_kinds()
        assert count_messages() == BATCH + 1


@pytest.mark.django_db
class TestOneRow:
    @pytest.fixture(autouse=True)
    def only_work(self, settings: Settings) -> None:
        settings.WAKEUPS = OTHER_KIND

    def test_a_lost_message_is_sent_again_once(self) -> None:
        row = Work.objects.create()
        wake_due_rows_of_all_kinds()
        assert count_messages() == 0
        Work.objects.filter(pk=row.pk).update(woken_at=timezone.now() - LATE)
        wake_due_rows_of_all_kinds()
        wake_due_rows_of_all_kinds()
        assert count_messages() == 1

    def test_delayed_work_is_woken_when_it_is_due(self) -> None:
        now = timezone.now()
        Work.objects.create(woken_at=now, not_before=now + LATE)
        wake_due_rows_of_all_kinds()
        assert count_messages() == 0
        Work.objects.update(woken_at=now - timedelta(seconds=2), not_before=now - timedelta(seconds=1))
        wake_due_rows_of_all_kinds()
        assert count_messages() == 1

    def test_work_that_waits_for_an_event_is_never_woken(self) -> None:
        Work.objects.create(woken_at=timezone.now() - LATE, not_before=None)
        wake_due_rows_of_all_kinds()
        assert count_messages() == 0

    def test_one_failing_kind_does_not_stop_the_others_and_is_logged(
        self, settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.WAKEUPS = {"a.broken.kind": "tests.ops.worker_tasks.fail_to_wake"} | settings.WAKEUPS
        Work.objects.create(woken_at=None)
        for _ in range(2):
            wake_due_rows_of_all_kinds()
        assert DBTaskResult.objects.get().task_path == take_work.module_path
        assert caplog.text.count("The wake-up tests.ops.worker_tasks.fail_to_wake failed") == 1


def test_every_kind_of_the_settings_has_its_task_and_its_wakeup(settings: Settings) -> None:
    for task, wake in settings.WAKEUPS.items():
        assert isinstance(import_string(task), Task)
        assert callable(import_string(wake))
