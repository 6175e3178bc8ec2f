"""A token that its service refuses: the event, the notice to its keeper, and the mail."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from tests.client.fake_service import FakeService, reply_error, reply_html, reply_success, run_fake_service
from tests.conftest import as_actor
from tests.factories import make_hosted_connection
from vanceweb.teams.models import AuditAction, AuditEvent, User, Via
from vanceweb.vault.connection_check import check_next_connection
from vanceweb.vault.models import Connection
from vanceweb.vault.rejections import find_rejected_connections
from vanceweb.vault.services import add_connection, replace_token, request_check

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "token-of-some-length"
BALANCE = reply_success({"max_num": "100.000", "used_num": "10.000"})
REFUSAL = reply_error(30001, "Invalid api token")


@pytest.fixture
def service() -> Iterator[FakeService]:
    with run_fake_service() as running:
        yield running


@pytest.fixture
def added(bob: User, service: FakeService, settings: Any) -> Connection:
    """A connection that Bob keeps."""
    settings.CLIENT_ATTEMPTS = 1
    return add_connection(actor=as_actor(bob), name="Mine", base_url=service.base_url, token=TOKEN)


def check(connection: Connection) -> Connection:
    request_check(connection=connection)
    check_next_connection()
    connection.refresh_from_db()
    return connection


def list_rejections() -> list[tuple[str, str, str]]:
    events = AuditEvent.objects.filter(action=AuditAction.CONNECTION_REJECTED)
    return [(event.via, event.person_name, event.target_name) for event in events]


def test_a_refusal_is_recorded_once_until_the_token_is_replaced(
    added: Connection, bob: User, service: FakeService
) -> None:
    service.set_replies(REFUSAL, REFUSAL, REFUSAL, BALANCE)
    since = check(added).rejected_at
    assert since is not None
    assert check(added).rejected_at == since
    assert list_rejections() == [(Via.SITE, "", "Mine")]
    replace_token(actor=as_actor(bob), connection=added, token="another-token-altogether")
    assert not added.is_rejected
    check(added)
    assert (len(list_rejections()), added.is_rejected) == (2, True)
    check(added)
    assert (added.check_state, added.is_rejected) == ("ok", False)


def test_an_outage_is_no_refusal(added: Connection, service: FakeService) -> None:
    service.set_replies(reply_html(502))
    assert (check(added).check_state, added.is_rejected, list_rejections()) == ("failed", False, [])


def test_the_keeper_is_told_and_nobody_else(alice: User, bob: User, admin: User, viewer: User, charlie: User) -> None:
    kept = make_hosted_connection(bob, private_to_id=None, rejected_at=timezone.now())
    make_hosted_connection(bob, name="Works")
    for person, told in ((alice, []), (bob, [kept]), (admin, []), (viewer, []), (charlie, [])):
        assert list(find_rejected_connections(as_actor(person))) == told


def test_the_admins_are_told_of_a_connection_that_nobody_keeps(
    alice: User, bob: User, admin: User, charlie: User
) -> None:
    kept = make_hosted_connection(bob, private_to_id=None, rejected_at=timezone.now(), keeper=None)
    for person, told in ((alice, [kept]), (bob, []), (admin, [kept]), (charlie, [])):
        assert list(find_rejected_connections(as_actor(person))) == told


def test_the_keeper_gets_a_mail_where_a_server_is_set(
    added: Connection, bob: User, service: FakeService, settings: Any, caplog: Any
) -> None:
    bob.email = "bob@example.org"
    bob.save()
    settings.HAS_MAIL = True
    service.set_replies(REFUSAL)
    check(added)
    assert [(message.to, message.subject) for message in mail.outbox] == [
        (["bob@example.org"], "Mine needs a new token")
    ]
    assert "no longer accepts its token" in mail.outbox[0].body
    assert TOKEN not in mail.outbox[0].body
    assert "bob@example.org" not in caplog.text


def test_without_a_keeper_the_admins_get_the_mail(
    added: Connection, alice: User, admin: User, service: FakeService, settings: Any
) -> None:
    User.objects.filter(pk__in=[alice.pk, admin.pk]).update(email="both@example.org")
    Connection.objects.filter(pk=added.pk).update(keeper=None, private_to=None)
    settings.HAS_MAIL = True
    service.set_replies(REFUSAL)
    added.refresh_from_db()
    check(added)
    assert [message.to for message in mail.outbox] == [["both@example.org", "both@example.org"]]


def test_without_a_mail_server_nothing_is_sent_or_logged(
    added: Connection, bob: User, service: FakeService, settings: Any, caplog: Any
) -> None:
    bob.email = "bob@example.org"
    bob.save()
    settings.HAS_MAIL = False
    service.set_replies(REFUSAL)
    check(added)
    assert (mail.outbox, "needs a new token" in caplog.text) == ([], False)


def test_a_mail_server_that_fails_doesnt_disturb_the_check(
    added: Connection, bob: User, service: FakeService, settings: Any
) -> None:
    bob.email = "bob@example.org"
    bob.save()
    settings.HAS_MAIL, settings.EMAIL_BACKEND = True, "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    service.set_replies(REFUSAL)
    assert check(added).is_rejected
    assert len(list_rejections()) == 1
