"""Adding, checking, renaming and removing connections, and replacing their tokens."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from tests.client.fake_service import FakeService, reply_error, reply_html, reply_success, run_fake_service
from tests.conftest import as_actor, get_bundled
from vanceweb.engine.accounts import create_account
from vanceweb.teams.access import filter_visible
from vanceweb.teams.models import User
from vanceweb.vault.clients import build_client
from vanceweb.vault.connection_check import check_next_connection
from vanceweb.vault.models import Connection
from vanceweb.vault.services import (
    BundledConnectionProtected,
    add_connection,
    remove_connection,
    rename_connection,
    replace_token,
    request_balances,
    request_check,
)

TOKEN = "token-of-some-length"


@pytest.fixture
def service() -> Iterator[FakeService]:
    with run_fake_service() as running:
        yield running


@pytest.fixture
def added(alice: User, service: FakeService, settings: Any) -> Connection:
    settings.CLIENT_ATTEMPTS = 1
    return add_connection(actor=as_actor(alice), name="Mine", base_url=service.base_url + "/", token=f" {TOKEN}\n")


def count_queued_checks() -> int:
    return DBTaskResult.objects.filter(task_path="vanceweb.vault.tasks.check_connections").count()


def run_check(connection: Connection) -> Connection:
    request_balances(connection_ids=[connection.pk])
    check_next_connection()
    connection.refresh_from_db()
    return connection


def test_adding_calls_no_service_and_enqueues_a_check(added: Connection, service: FakeService) -> None:
    assert (added.check_state, added.service, added.base_url) == ("checking", "other", service.base_url)
    assert (service.requests, count_queued_checks()) == ([], 1)


def test_the_hosted_service_is_the_default(alice: User, settings: Any) -> None:
    added = add_connection(actor=as_actor(alice), name="Vance", base_url="", token=TOKEN)
    assert (added.service, added.base_url) == ("hosted", settings.HOSTED_BASE_URL)


def test_a_token_that_works_shows_its_balance(added: Connection, service: FakeService) -> None:
    service.set_replies(reply_success({"max_num": "100.000", "used_num": "12.500"}))
    run_check(added)
    assert (added.check_state, added.balance, added.last_error) == ("ok", Decimal("87.500"), "")
    assert added.checked_at is not None


@pytest.mark.parametrize("act", [reply_error(30001, "Invalid api token"), reply_html(502)])
def test_a_token_that_doesnt_work_shows_the_services_answer(added: Connection, service: FakeService, act: Any) -> None:
    service.set_replies(act)
    run_check(added)
    assert added.check_state == "failed"
    assert added.last_error
    assert added.balance is None


def test_an_outage_leaves_a_working_connection_as_it_is(added: Connection, service: FakeService) -> None:
    service.set_replies(reply_success({"max_num": "100.000", "used_num": "0.000"}), reply_html(502))
    run_check(added)
    run_check(added)
    assert (added.check_state, added.balance) == ("ok", Decimal(100))
    assert added.last_error


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "Bundled engine"}, "name"),
        ({"token": " "}, "token"),
        ({"token": "two words"}, "token"),
        ({"token": "x" * 501}, "token"),
        ({"token": "schön"}, "token"),
        ({"base_url": "ftp://example.org"}, "base_url"),
        ({"base_url": "example.org"}, "base_url"),
        ({"base_url": "https://me:secret@example.org"}, "base_url"),
        ({"base_url": "https://example.org/?a=b"}, "base_url"),
        ({"base_url": "http://[::1"}, "base_url"),
        ({"base_url": "http://example.org:99999"}, "base_url"),
    ],
)
def test_a_refusal_names_the_field(alice: User, changes: dict[str, str], field: str) -> None:
    given = {"name": "Mine", "base_url": "", "token": TOKEN} | changes
    with pytest.raises(ValidationError) as refusal_:
        add_connection(actor=as_actor(alice), **given)
    assert set(refusal_.value.message_dict) == {field}


def test_two_people_may_use_the_same_name(alice: User, bob: User) -> None:
    for person in (alice, bob):
        add_connection(actor=as_actor(person), name="Mine", base_url="", token=TOKEN)


def test_a_connection_is_private_until_it_is_shared(bob: User) -> None:
    added = add_connection(actor=as_actor(bob), name="Mine", base_url="", token=TOKEN)
    assert (added.team, added.created_by, added.private_to) == (as_actor(bob).team, bob, bob)


def test_a_viewer_adds_none(viewer: User) -> None:
    with pytest.raises(PermissionDenied):
        add_connection(actor=as_actor(viewer), name="Mine", base_url="", token=TOKEN)


def test_two_teams_may_use_the_same_name(alice: User, charlie: User) -> None:
    for person in (alice, charlie):
        rename_connection(actor=as_actor(person), connection=get_bundled(person), name="Ours")
    with pytest.raises(ValidationError):
        add_connection(actor=as_actor(alice), name="Ours", base_url="", token=TOKEN)


def test_renaming(added: Connection, alice: User) -> None:
    rename_connection(actor=as_actor(alice), connection=added, name=" Our  shop ")
    assert Connection.objects.get(pk=added.pk).name == "Our shop"
    with pytest.raises(ValidationError):
        rename_connection(actor=as_actor(alice), connection=added, name="Bundled engine")


def test_a_replaced_token_is_checked_again(added: Connection, alice: User, service: FakeService) -> None:
    service.set_replies(reply_success({"max_num": "100.000", "used_num": "0.000"}))
    run_check(added)
    replace_token(actor=as_actor(alice), connection=added, token="another-token-altogether")
    fresh = Connection.objects.get(pk=added.pk)
    assert (fresh.check_state, fresh.balance, fresh.token_last4) == ("checking", None, "ther")
    assert count_queued_checks() == 2
    request_check(connection=fresh)
    assert count_queued_checks() == 3


def test_a_removed_connection_is_gone_and_its_check_harmless(
    added: Connection, bundled: Connection, alice: User
) -> None:
    remove_connection(actor=as_actor(alice), connection=added)
    assert check_next_connection() is False
    with pytest.raises(BundledConnectionProtected):
        remove_connection(actor=as_actor(alice), connection=bundled)


def test_the_bundled_engine_answers_in_process(transactional_db: None, bundled: Connection) -> None:
    Connection.objects.filter(pk=bundled.pk).update(granted=None, used=None)
    assert run_check(bundled).balance == Decimal(1000)


def test_a_call_in_process_leaves_language_and_connection_as_they_were(
    transactional_db: None, bundled: Connection
) -> None:
    with translation.override("de"), build_client(bundled) as client:
        client.get_balance()
        assert translation.get_language() == "de"
    assert database.connection is not None


def test_another_accounts_token_has_its_own_balance(transactional_db: None, alice: User, bundled: Connection) -> None:
    bundled.token = create_account(name="other", credits=7)
    bundled.save()
    assert run_check(bundled).balance == Decimal(7)


def test_showing_connections_takes_one_query(alice: User, bundled: Connection) -> None:
    actor = as_actor(alice)
    for number in range(5):
        add_connection(actor=actor, name=f"Number {number}", base_url="", token=TOKEN)
    with CaptureQueriesContext(database) as queries:
        visible = filter_visible(Connection.objects.without_token(), actor)
        assert len([connection.balance for connection in visible]) == 6
    assert len(queries) == 1


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8000", "127.1", "0x7f000001", "0x7f.0.0.1", "2130706433", "10.0.0.5", "[::1]:80", "[fd00::1]",
     "[::ffff:192.168.1.1]", "localhost", "LOCALHOST.", "engine", "engine.local", "a.internal", "169.254.169.254"],
)  # fmt: skip
def test_only_administrators_add_services_on_private_addresses(
    host: str, alice: User, bob: User, settings: Settings
) -> None:
    settings.PRIVATE_ADDRESSES = "administrators"
    given = {"name": "Mine", "base_url": f"http://{host}/web_api/v1", "token": TOKEN}
    with pytest.raises(ValidationError, match="Only an administrator of the installation"):
        add_connection(actor=as_actor(bob), **given)
    assert add_connection(actor=as_actor(alice), **given).base_url == given["base_url"]
    settings.PRIVATE_ADDRESSES = "nobody"
    with pytest.raises(ValidationError, match="doesn't allow services on private addresses"):
        add_connection(actor=as_actor(alice), **given)
    settings.PRIVATE_ADDRESSES = "everyone"
    assert add_connection(actor=as_actor(bob), **given).may_be_private


@pytest.mark.parametrize("host", ["api-service.vanceai.com", "93.184.215.14", "[2606:4700::1111]", "1.example.org"])
def test_everybody_adds_services_on_public_addresses(host: str, bob: User) -> None:
    added = add_connection(actor=as_actor(bob), name="Mine", base_url=f"https://{host}/web_api/v1", token=TOKEN)
    assert added.private_to == bob
