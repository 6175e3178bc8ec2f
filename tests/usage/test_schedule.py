"""The times at which histories are read."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections as databases
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from tests.factories import make_hosted_connection
from tests.usage import scripted_history
from tests.usage.scripted_history import Charge, ScriptedHistory
from vanceweb.lib.leases import claim_first
from vanceweb.lib.wakeups import BATCH
from vanceweb.teams.models import User
from vanceweb.usage.history_sync import HISTORY_REFRESH_SECONDS, filter_readable, sync_next_history
from vanceweb.usage.models import HistorySync, UsageRecord
from vanceweb.usage.services import request_histories
from vanceweb.usage.sweeps import request_changed_histories, wake_due_histories
from vanceweb.usage.tasks import sync_histories
from vanceweb.vault.models import Connection
from vanceweb.vault.services import report_charge

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def service(bundled: Connection, settings: Any) -> ScriptedHistory:
    settings.BUNDLED_ENGINE_WSGI = "tests.usage.scripted_history.application"
    settings.CLIENT_ATTEMPTS = 1
    scripted_history.SERVICE = ScriptedHistory(charges=[Charge(0)])
    return scripted_history.SERVICE


def count_messages() -> int:
    return DBTaskResult.objects.filter(task_path="vanceweb.usage.tasks.sync_histories").count()


def test_the_history_of_a_new_connection_is_read_once_and_again_later(service: ScriptedHistory) -> None:
    request_changed_histories()
    request_changed_histories()
    assert (count_messages(), wake_due_histories()) == (1, 0)
    assert sync_next_history() is False
    assert (UsageRecord.objects.count(), service.pages_read) == (1, 1)
    assert sync_next_history() is False
    assert service.pages_read == 1
    now, due_at = timezone.now(), HistorySync.objects.get().not_before
    assert due_at is not None
    assert now < due_at <= now + timedelta(seconds=HISTORY_REFRESH_SECONDS)


def test_a_history_is_due_again_after_a_while(service: ScriptedHistory, bundled: Connection) -> None:
    request_histories(connection_ids=[bundled.pk])
    sync_next_history()
    later = timezone.now() - timedelta(seconds=1)
    HistorySync.objects.update(not_before=later, woken_at=later - timedelta(minutes=30))
    assert [wake_due_histories(), wake_due_histories()] == [1, 0]


def test_a_charge_has_the_history_read_at_once(service: ScriptedHistory, bundled: Connection) -> None:
    request_changed_histories()
    sync_next_history()
    service.charges.append(Charge(1))
    report_charge(connection_id=bundled.pk)
    request_changed_histories()
    assert count_messages() == 2
    sync_next_history()
    assert UsageRecord.objects.count() == 2


def test_a_charge_while_the_history_is_read_leads_to_another_reading(
    service: ScriptedHistory, bundled: Connection
) -> None:
    request_changed_histories()
    DBTaskResult.objects.all().delete()

    def charge(number: int) -> None:
        service.before_page = lambda number: None
        report_charge(connection_id=bundled.pk)
        request_changed_histories()

    service.before_page = charge
    sync_histories.call()
    assert count_messages() == 2, "one of the charge, which may have come too early, and one at the end"
    assert sync_next_history() is False
    assert service.pages_read == 2


def test_a_history_waits_until_the_token_works(service: ScriptedHistory, bundled: Connection) -> None:
    Connection.objects.update(check_state="failed")
    report_charge(connection_id=bundled.pk)
    request_changed_histories()
    request_histories(connection_ids=[bundled.pk])
    HistorySync.objects.update(woken_at=None)
    assert (sync_next_history(), wake_due_histories(), service.pages_read) == (False, 0, 0)
    Connection.objects.update(check_state="ok")
    assert wake_due_histories() == 1
    sync_next_history()
    assert service.pages_read == 1


def test_an_error_is_shown_and_the_reading_repeated_later(service: ScriptedHistory, bundled: Connection) -> None:
    def break_page(number: int) -> None:
        raise ConnectionError("the connection is closed")

    service.before_page = break_page
    request_histories(connection_ids=[bundled.pk])
    assert sync_next_history() is False
    sync = HistorySync.objects.get()
    assert (sync.lease_token, wake_due_histories()) == (None, 0)
    assert sync.last_error
    assert sync.not_before is not None


def test_scheduling_decrypts_no_token(bundled: Connection, settings: Any) -> None:
    settings.VAULT_KEYS = ["c2l4dGVlbi1ieXRlcy1hbmQtc2l4dGVlbi1tb3JlISE="]
    request_changed_histories()
    HistorySync.objects.update(woken_at=None)
    assert wake_due_histories() == 1
    sync_next_history()
    assert "can't be decrypted" in HistorySync.objects.get().last_error


def test_many_due_histories_get_a_bounded_number_of_messages_each_once(alice: User) -> None:
    for number in range(299):
        make_hosted_connection(alice, name=f"Plan {number}", check_state="ok")
    for expected in (100, 200, 300, 300):
        request_changed_histories()
        assert count_messages() == expected
    HistorySync.objects.update(woken_at=None)
    assert [wake_due_histories() for _ in range(4)] == [BATCH, BATCH, BATCH, 0]


class TestRace:
    def test_one_of_several_workers_takes_a_history(self, bundled: Connection) -> None:
        for _ in range(20):
            request_histories(connection_ids=[bundled.pk])
            leases = [lease for lease in claim_at_once(workers=4) if lease]
            assert len(leases) == 1
            leases[0].release(not_before=None)

    def test_one_of_several_sweepers_wakes_for_a_history(self, bundled: Connection) -> None:
        for _ in range(20):
            request_histories(connection_ids=[bundled.pk])
            HistorySync.objects.update(woken_at=None)
            with ThreadPoolExecutor(4) as pool:
                assert sum(pool.map(lambda _: call_and_close(wake_due_histories), range(4))) == 1


@pytest.mark.slow
@pytest.mark.usefixtures("postgresql")
class TestRaceOnPostgresql(TestRace):
    """The same with the locks of a database for many writers."""


def claim_at_once(*, workers: int) -> list[Any]:
    start = threading.Barrier(workers)

    def claim_history() -> Any:
        start.wait(timeout=20)
        return claim_first(filter_readable().order_by("not_before"), duration=timedelta(minutes=1))

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda _: call_and_close(claim_history), range(workers)))


def call_and_close(action: Any) -> Any:
    try:
        return action()
    finally:
        databases.close_all()
