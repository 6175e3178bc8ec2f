"""A stored token: encrypted at rest, never shown, never logged."""

import logging
import pickle
from typing import Any

import pytest
from django.core import serializers
from django.core.exceptions import ValidationError
from django.db import connection as database
from django_tasks_db.models import DBTaskResult

from tests.conftest import as_actor
from vanceweb.lib.encryption import DecryptionFailed
from vanceweb.teams.models import User
from vanceweb.vault.clients import build_client
from vanceweb.vault.connection_check import check_next_connection
from vanceweb.vault.models import Connection
from vanceweb.vault.queries import find_unreadable_connections
from vanceweb.vault.services import add_connection, remove_connection, replace_token, request_balances

TOKEN = "a-token-that-nobody-may-see-1234"


@pytest.fixture
def stored(alice: User) -> Connection:
    return add_connection(actor=as_actor(alice), name="Hosted", base_url="", token=TOKEN)


def read_raw_column(connection: Connection) -> str:
    with database.cursor() as cursor:
        cursor.execute("SELECT token FROM vault_connection WHERE id = %s", [connection.pk])
        return str(cursor.fetchone()[0])


def test_the_column_holds_no_token(stored: Connection) -> None:
    assert TOKEN not in read_raw_column(stored)
    assert Connection.objects.get(pk=stored.pk).token.open() == TOKEN
    assert stored.token_last4 == "1234"


def test_equal_tokens_look_different_at_rest(alice: User, stored: Connection) -> None:
    other = add_connection(actor=as_actor(alice), name="Again", base_url="", token=TOKEN)
    assert read_raw_column(other) != read_raw_column(stored)


def test_nothing_in_the_database_holds_the_token(stored: Connection) -> None:
    dump = serializers.serialize("json", DBTaskResult.objects.all())
    assert TOKEN not in dump


def test_no_repr_and_no_error_shows_the_token(stored: Connection, bundled: Connection, settings: Any) -> None:
    client = build_client(stored)
    assert TOKEN not in f"{stored!r} {stored} {client!r} {vars(client)!r}"
    settings.VAULT_KEYS = ["c2l4dGVlbi1ieXRlcy1hbmQtc2l4dGVlbi1tb3JlISE="]
    loaded = Connection.objects.get(pk=stored.pk)
    with pytest.raises(DecryptionFailed) as failure:
        loaded.token.open()
    assert TOKEN not in f"{failure.value!r} {loaded.token!r} {loaded.token}"


def test_a_short_token_shows_no_characters(alice: User) -> None:
    assert add_connection(actor=as_actor(alice), name="Short", base_url="", token="12345678").token_last4 == ""


def test_checking_logs_and_stores_no_token(stored: Connection, settings: Any, caplog: Any) -> None:
    settings.CLIENT_ATTEMPTS = 1
    stored.service, stored.base_url = Connection.Service.OTHER, "http://127.0.0.1:9/web_api/v1"
    stored.save()
    with caplog.at_level(logging.DEBUG):
        check_next_connection()
    stored.refresh_from_db()
    assert stored.last_error
    assert TOKEN not in stored.last_error + caplog.text


def test_an_engine_that_fails_shows_no_token(bundled: Connection, settings: Any, caplog: Any) -> None:
    settings.CLIENT_ATTEMPTS = 1
    settings.BUNDLED_ENGINE_WSGI = f"{__name__}.fail_to_answer"
    with caplog.at_level(logging.DEBUG):
        request_balances(connection_ids=[bundled.pk])
        check_next_connection()
    assert bundled.token.open() not in caplog.text
    bundled.refresh_from_db()
    assert bundled.last_error
    assert bundled.check_state == "ok", "an outage doesn't make a token wrong"


def fail_to_answer(environ: dict[str, Any], start_response: Any) -> Any:
    raise RuntimeError("broken")


@pytest.mark.parametrize("keys", [["c2l4dGVlbi1ieXRlcy1hbmQtc2l4dGVlbi1tb3JlISE="], ["not-a-key"], []])
def test_rows_are_loaded_saved_and_deleted_without_the_key(
    stored: Connection, alice: User, settings: Any, keys: list[str]
) -> None:
    cipher = read_raw_column(stored)
    settings.VAULT_KEYS = keys
    loaded = Connection.objects.get(pk=stored.pk)
    loaded.name = "Renamed"
    loaded.save()
    assert read_raw_column(stored) == cipher, "what nobody changed is stored as it was"
    loaded.refresh_from_db()
    assert [row.token for row in Connection.objects.filter(pk=stored.pk)] == [loaded.token]
    remove_connection(actor=as_actor(alice), connection=loaded)
    assert not Connection.objects.filter(pk=stored.pk).exists()


def test_the_unreadable_tokens_are_found(stored: Connection, bundled: Connection, settings: Any) -> None:
    assert find_unreadable_connections() == []
    settings.VAULT_KEYS = ["c2l4dGVlbi1ieXRlcy1hbmQtc2l4dGVlbi1tb3JlISE="]
    assert find_unreadable_connections() == [bundled, stored]


def test_a_token_is_not_taken_while_the_site_has_no_usable_key(alice: User, settings: Any) -> None:
    settings.VAULT_KEYS = ["not-a-key"]
    with pytest.raises(ValidationError, match="can't store tokens"):
        add_connection(actor=as_actor(alice), name="Hosted", base_url="", token=TOKEN)
    assert not Connection.objects.filter(name="Hosted").exists()


def test_a_rotated_key_still_decrypts_older_tokens(stored: Connection, alice: User, settings: Any) -> None:
    settings.VAULT_KEYS = ["c2l4dGVlbi1ieXRlcy1hbmQtc2l4dGVlbi1tb3JlISE=", *settings.VAULT_KEYS]
    assert Connection.objects.get(pk=stored.pk).token.open() == TOKEN
    replace_token(actor=as_actor(alice), connection=stored, token=TOKEN + "5678")
    assert Connection.objects.get(pk=stored.pk).token.open() == TOKEN + "5678"


def test_a_task_that_fails_stores_no_token(stored: Connection) -> None:
    assert TOKEN.encode() not in pickle.dumps(list(DBTaskResult.objects.values()))
