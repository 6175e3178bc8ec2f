"""`manage.py rotate_keys`: old and new keys side by side, at any time, on both databases."""

import io
from typing import Any

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.db.models import TextField
from django.db.models.functions import Cast

from tests.conftest import as_actor
from tests.factories import make_hosted_connection
from vanceweb.lib.encryption import DecryptionFailed, rotate
from vanceweb.ops.services import set_up_installation
from vanceweb.teams.models import AuditAction, AuditEvent, User, Via
from vanceweb.vault import key_rotation
from vanceweb.vault.key_rotation import Rotation, find_encrypted_fields, rotate_factor, rotate_keys
from vanceweb.vault.models import Connection

NEW_KEY = Fernet.generate_key().decode()
TOKEN = "0123456789abcdef"


@pytest.fixture(params=["default", "postgresql"])
def stored(request: pytest.FixtureRequest, settings: Any, studio_files: Any) -> list[Connection]:
    """Three tokens that were encrypted before the new key was added; one is the bundled engine's."""
    request.getfixturevalue("db" if request.param == "default" else "postgresql")
    alice = set_up_installation(username="alice", password="correct horse battery", team_name="Studio")
    for number in range(2):
        make_hosted_connection(alice, name=f"Plan {number}")
    settings.VAULT_KEYS = [NEW_KEY, *settings.VAULT_KEYS]
    return list(Connection.objects.order_by("pk"))


def run() -> str:
    output = io.StringIO()
    call_command("rotate_keys", stdout=output)
    return output.getvalue()


def read_ciphers() -> list[str]:
    rows = Connection.objects.order_by("pk").annotate(cipher=Cast("token", TextField()))
    return list(rows.values_list("cipher", flat=True))


def test_all_tokens_are_encrypted_with_the_newest_key_alone(stored: list[Connection], settings: Any) -> None:
    tokens = [row.token.open() for row in stored]
    assert run().splitlines() == [
        "3 re-encrypted with the newest key. 0 were encrypted with it already.",
        "Nothing needs the older keys any more: keep only the first key in VAULT_KEYS.",
    ]
    settings.VAULT_KEYS = [NEW_KEY]
    assert [row.token.open() for row in Connection.objects.order_by("pk")] == tokens
    event = AuditEvent.objects.get(action=AuditAction.VAULT_KEYS_ROTATED)
    assert (event.via, event.details) == (Via.COMMAND, {"count": "3"})


def test_second_factors_need_the_old_keys_no_longer_either(stored: list[Connection], settings: Any) -> None:
    alice = User.objects.get(username="alice")
    settings.VAULT_KEYS = settings.VAULT_KEYS[1:]
    TOTP.activate(alice, "JBSWY3DPEHPK3PXP")
    codes = RecoveryCodes.activate(alice).get_unused_codes()
    settings.VAULT_KEYS = [NEW_KEY, *settings.VAULT_KEYS]
    assert run().startswith("5 re-encrypted")
    assert run().startswith("0 re-encrypted with the newest key. 5 were encrypted with it already.")
    settings.VAULT_KEYS = [NEW_KEY]
    app, recovery = Authenticator.objects.filter(user=alice).order_by("pk")
    assert get_adapter().decrypt(app.data["secret"]) == "JBSWY3DPEHPK3PXP"
    assert RecoveryCodes(recovery).get_unused_codes() == codes


def test_a_factor_that_somebody_uses_meanwhile_is_left_to_the_next_run(stored: list[Connection], settings: Any) -> None:
    alice = User.objects.get(username="alice")
    new_and_old = settings.VAULT_KEYS
    settings.VAULT_KEYS = new_and_old[1:]
    read = RecoveryCodes.activate(alice).instance
    settings.VAULT_KEYS = new_and_old
    used = Authenticator.objects.get(pk=read.pk)
    used.data = used.data | {"used_mask": 1}
    used.save()
    done = Rotation()
    rotate_factor(read, done)
    assert (done.rotated, done.changed) == (0, 1)
    assert Authenticator.objects.get(pk=read.pk).data == used.data


def test_a_run_that_was_killed_is_continued(stored: list[Connection], settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(key_rotation, "BATCH", 2)

    def die(done: Rotation) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate_keys(die)
    ciphers = read_ciphers()
    assert run().startswith("1 re-encrypted with the newest key. 2 were encrypted with it already.")
    assert read_ciphers()[:2] == ciphers[:2], "what is done is left alone"
    assert run().startswith("0 re-encrypted with the newest key. 3 were")
    assert AuditEvent.objects.filter(action=AuditAction.VAULT_KEYS_ROTATED).count() == 1


def test_a_token_that_is_replaced_meanwhile_is_not_overwritten(
    stored: list[Connection], settings: Any, monkeypatch: Any
) -> None:
    replaced = stored[1]

    def replace_then_rotate(cipher: str, rotate: Any = rotate) -> str:
        if cipher == replaced.token.cipher:
            # Another process that doesn't have the new key yet.
            settings.VAULT_KEYS.reverse()
            replaced.token = "a-new-token-entered-meanwhile"
            replaced.save(update_fields=["token"])
            settings.VAULT_KEYS.reverse()
        return str(rotate(cipher))

    with monkeypatch.context() as patch:
        patch.setattr(key_rotation, "rotate", replace_then_rotate)
        done = rotate_keys()
    assert (done.rotated, done.changed, done.needs_old_keys) == (2, 1, True)
    assert Connection.objects.get(pk=replaced.pk).token.open() == "a-new-token-entered-meanwhile"
    assert run().startswith("1 re-encrypted")
    settings.VAULT_KEYS = [NEW_KEY]
    assert Connection.objects.get(pk=replaced.pk).token.open() == "a-new-token-entered-meanwhile"


def test_the_site_runs_while_both_keys_are_there(stored: list[Connection]) -> None:
    rotate_keys()
    old, new = stored[1], Connection.objects.get(pk=stored[1].pk)
    assert (old.token.open(), new.token.open()) == (TOKEN, TOKEN)
    assert old.token != new.token


def test_a_token_that_no_key_opens_is_counted_and_kept(stored: list[Connection], settings: Any) -> None:
    settings.VAULT_KEYS = [NEW_KEY]
    before = read_ciphers()
    output = io.StringIO()
    with pytest.raises(SystemExit, match="1"):
        call_command("rotate_keys", stdout=output)
    assert "3 can't be decrypted with any key in VAULT_KEYS." in output.getvalue()
    assert "keep only the first key" not in output.getvalue()
    assert read_ciphers() == before
    with pytest.raises(DecryptionFailed):
        Connection.objects.get(pk=stored[1].pk).token.open()


def test_an_unusable_key_changes_nothing(alice: User, settings: Any) -> None:
    settings.VAULT_KEYS = ["not-a-key", *settings.VAULT_KEYS]
    before = read_ciphers()
    with pytest.raises(CommandError, match="VAULT_KEYS can't be used"):
        run()
    assert read_ciphers() == before


def test_the_tokens_of_connections_are_among_the_encrypted_columns() -> None:
    assert (Connection, "token") in find_encrypted_fields()


def test_the_conditional_update_is_one_statement_on_the_row_itself(
    stored: list[Connection], django_assert_num_queries: Any
) -> None:
    """With a subquery, PostgreSQL would not look again at a row that it waited for."""
    pk, cipher = stored[1].pk, read_ciphers()[1]
    with django_assert_num_queries(1) as queries:
        key_rotation.rotate_value(Connection, "token", pk, cipher, Rotation())
    assert "SELECT" not in queries.captured_queries[0]["sql"].upper().replace("UPDATE", "", 1)
    assert as_actor(User.objects.get()).can_see(stored[1])
    assert database.vendor in ("sqlite", "postgresql")
