"""The times at which tokens are checked, requests for checks, and the limits of calls to one service."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections as databases
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from tests.client.fake_service import FakeService, Handler, reply_error, reply_html, reply_success, run_fake_service
from tests.conftest import as_actor
from tests.factories import make_hosted_connection
from vanceweb.lib.call_slots import find_service_name, get_call_slots
from vanceweb.lib.leases import claim
from vanceweb.lib.wakeups import BATCH
from vanceweb.teams.models import User
from vanceweb.vault.connection_check import (
    BALANCE_REFRESH_SECONDS,
    DAILY_CHECK_SECONDS,
    DAILY_SPREAD_SECONDS,
    check_next_connection,
    compute_daily_pause,
)
from vanceweb.vault.models import Connection
from vanceweb.vault.services import add_connection, replace_token, report_charge, request_balances, request_check
from vanceweb.vault.sweeps import schedule_daily_checks, wake_due_checks
from vanceweb.vault.tasks import check_connections

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "token-of-some-length"
BALANCE = reply_success({"max_num": "100.000", "used_num": "10.000"})
REFUSAL = reply_error(30001, "Invalid api token")
OUTAGE = reply_html(502)


@pytest.fixture
def service() -> Iterator[FakeService]:
    with run_fake_service() as running:
        yield running


@pytest.fixture
def added(alice: User, service: FakeService, settings: Any) -> Connection:
    settings.CLIENT_ATTEMPTS = 1
    service.set_replies(BALANCE)
    return add_connection(actor=as_actor(alice), name="Mine", base_url=service.base_url, token=TOKEN)


def count_messages() -> int:
    return DBTaskResult.objects.filter(task_path="vanceweb.vault.tasks.check_connections").count()


def read_again(connection: Connection) -> Connection:
    return Connection.objects.without_token().get(pk=connection.pk)


def is_due_in_half_an_hour(connection: Connection) -> bool:
    now = timezone.now()
    half_an_hour = timedelta(seconds=BALANCE_REFRESH_SECONDS)
    due_at = read_again(connection).not_before
    return due_at is not None and now < due_at <= now + half_an_hour


def test_a_new_token_is_due_at_once_and_the_bundled_engines_later(added: Connection, bundled: Connection) -> None:
    assert is_due_in_half_an_hour(bundled)
    assert (count_messages(), wake_due_checks()) == (1, 0)
    assert check_next_connection() is False
    assert read_again(added).check_state == "ok"
    assert check_next_connection() is False
    assert is_due_in_half_an_hour(added)


def test_a_token_that_works_is_checked_again_even_after_an_outage(added: Connection, service: FakeService) -> None:
    service.set_replies(BALANCE, OUTAGE)
    for _ in range(2):
        Connection.objects.filter(pk=added.pk).update(not_before=timezone.now())
        check_next_connection()
        assert is_due_in_half_an_hour(added)
    assert read_again(added).last_error


@pytest.mark.parametrize(
    ("reply", "least", "most"),
    [
        (REFUSAL, DAILY_CHECK_SECONDS - DAILY_SPREAD_SECONDS, DAILY_CHECK_SECONDS),
        (OUTAGE, 0, BALANCE_REFRESH_SECONDS),
    ],
)
def test_a_token_that_failed_is_checked_within_a_day_or_when_somebody_asks(
    added: Connection, service: FakeService, reply: Any, least: int, most: int
) -> None:
    service.set_replies(reply, BALANCE)
    began = timezone.now()
    check_next_connection()
    failed = read_again(added)
    assert (failed.check_state, wake_due_checks()) == ("failed", 0)
    assert failed.not_before is not None
    assert least < (failed.not_before - began).total_seconds() < most + 10
    request_check(connection=failed)
    check_next_connection()
    assert read_again(added).check_state == "ok"


def test_daily_checks_are_spread(alice: User) -> None:
    pauses = {compute_daily_pause(pk) for pk in range(1, 101)}
    assert len(pauses) == 100
    assert DAILY_CHECK_SECONDS - DAILY_SPREAD_SECONDS < min(pauses) < max(pauses) <= DAILY_CHECK_SECONDS
    assert max(pauses) - min(pauses) > DAILY_SPREAD_SECONDS / 2


def test_a_connection_without_a_due_time_gets_its_daily_check(added: Connection, bundled: Connection) -> None:
    Connection.objects.filter(pk=added.pk).update(not_before=None)
    cache.clear()
    assert [schedule_daily_checks(), schedule_daily_checks()] == [1, 0]
    due_at = read_again(added).not_before
    assert due_at is not None
    assert due_at <= timezone.now() + timedelta(days=1)
    assert is_due_in_half_an_hour(bundled)


def test_a_balance_is_due_again_after_half_an_hour(added: Connection) -> None:
    check_next_connection()
    assert wake_due_checks() == 0
    later = timezone.now() - timedelta(seconds=1)
    Connection.objects.filter(pk=added.pk).update(not_before=later, woken_at=later - timedelta(minutes=30))
    assert [wake_due_checks(), wake_due_checks()] == [1, 0]


def test_a_killed_workers_check_is_repeated(added: Connection) -> None:
    assert claim(Connection.objects.all(), pk=added.pk, duration=timedelta(seconds=-1)) is not None
    Connection.objects.filter(pk=added.pk).update(woken_at=timezone.now() - timedelta(seconds=2))
    assert wake_due_checks() == 1
    check_next_connection()
    assert read_again(added).check_state == "ok"


def test_a_result_for_a_replaced_token_is_dropped(added: Connection, alice: User, service: FakeService) -> None:
    def replace_meanwhile(handler: Handler) -> None:
        try:
            replace_token(actor=as_actor(alice), connection=read_again(added), token="another-token-altogether")
        finally:
            databases.close_all()
        REFUSAL(handler)

    service.set_replies(replace_meanwhile, BALANCE)
    assert check_next_connection() is True, "the new token waits for its check"
    fresh = read_again(added)
    assert (fresh.check_state, fresh.last_error, fresh.checked_at) == ("checking", "", None)
    check_next_connection()
    assert (read_again(added).check_state, read_again(added).balance) == ("ok", Decimal(90))
    assert [request.query["api_token"][0] for request in service.requests] == [TOKEN, "another-token-altogether"]


def test_a_charge_during_a_check_leads_to_another_one(added: Connection, service: FakeService) -> None:
    def charge_meanwhile(handler: Handler) -> None:
        try:
            report_charge(connection_id=added.pk)
        finally:
            databases.close_all()
        BALANCE(handler)

    service.set_replies(charge_meanwhile, reply_success({"max_num": "100.000", "used_num": "11.000"}))
    DBTaskResult.objects.all().delete()
    check_connections.call()
    assert read_again(added).balance == Decimal(90), "the first result counts until then"
    assert count_messages() == 2, "one of the charge, which may have come too early, and one at the end"
    check_connections.call()
    assert read_again(added).balance == Decimal(89)
    assert check_next_connection() is False


def test_requests_send_no_second_message_while_the_first_waits(added: Connection) -> None:
    check_next_connection()
    DBTaskResult.objects.all().delete()
    for _ in range(5):
        report_charge(connection_id=added.pk)
        request_balances(connection_ids=[added.pk])
    assert count_messages() == 1


def test_an_unexpected_fault_doesnt_repeat_at_once(bundled: Connection, settings: Any) -> None:
    settings.BUNDLED_ENGINE_WSGI = "no.such.module"
    request_balances(connection_ids=[bundled.pk])
    assert check_next_connection() is False
    assert (read_again(bundled).check_state, read_again(bundled).lease_token) == ("ok", None)
    assert is_due_in_half_an_hour(bundled)


def test_a_service_without_a_free_slot_holds_up_no_other(added: Connection, bundled: Connection, alice: User) -> None:
    slow = [make_hosted_connection(alice, name=f"Slow {number}") for number in range(3)]
    Connection.objects.filter(pk__in=[row.pk for row in slow]).update(not_before=timezone.now() - timedelta(minutes=5))
    request_balances(connection_ids=[bundled.pk])
    service = find_service_name(slow[0].base_url)
    assert service == "api.example"
    with ExitStack() as calls:
        for _ in range(get_call_slots().per_service):
            assert get_call_slots().take(lambda is_free: (service, None) if is_free(service) else None) is not None
            calls.enter_context(get_call_slots().returning(service))
        assert [check_next_connection() for _ in range(3)] == [True, True, False]
        assert is_due_in_half_an_hour(added)
        assert is_due_in_half_an_hour(bundled)
        assert {read_again(row).checked_at for row in slow} == {None}


def test_scheduling_decrypts_no_token(added: Connection, settings: Any) -> None:
    settings.VAULT_KEYS = ["c2l4dGVlbi1ieXRlcy1hbmQtc2l4dGVlbi1tb3JlISE="]
    Connection.objects.update(woken_at=None)
    assert wake_due_checks() == 1
    report_charge(connection_id=added.pk)
    request_check(connection=read_again(added))
    check_next_connection()
    assert "can't be decrypted" in read_again(added).last_error


def test_many_due_checks_get_a_bounded_number_of_messages_each_once(alice: User) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    for number in range(300):
        make_hosted_connection(alice, name=f"Plan {number}", not_before=long_ago, woken_at=long_ago)
    assert [wake_due_checks() for _ in range(4)] == [BATCH, BATCH, BATCH, 0]
    assert count_messages() == 300
