"""Alerts that somebody else may use a token."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from tests.conftest import as_actor
from tests.factories import make_alert, make_hosted_connection, make_upload
from tests.usage.charges import MORNING, make_downloaded_job, make_row
from vanceweb.teams.models import AuditAction, AuditEvent, User
from vanceweb.usage.alerts import find_open_alerts
from vanceweb.usage.models import Match, UsageAlert, UsageRecord
from vanceweb.usage.reconciliation import reconcile_history
from vanceweb.vault.models import Connection

LONG_AGO = timezone.now() - timedelta(days=60)


@pytest.fixture
def plan(bob: User) -> Connection:
    """A shared connection that Bob keeps, with a job of his that was charged."""
    plan = make_hosted_connection(bob, private_to_id=None, check_state="ok", created_at=LONG_AGO)
    make_downloaded_job(bob, plan, make_upload(bob), second=-86400)
    make_row(plan, second=-86400)
    return plan


def add_foreign(plan: Connection, credits: int, **fields: Any) -> None:
    """Add a row that no job explains and let it be matched."""
    make_row(plan, points=Decimal(credits), **fields)
    reconcile_history(connection_id=plan.pk)


def list_seen(user: User) -> list[UsageAlert]:
    return list(find_open_alerts(as_actor(user)))


def test_charges_from_elsewhere_past_the_threshold_raise_one_alert(
    plan: Connection, alice: User, admin: User, bob: User, viewer: User, charlie: User
) -> None:
    add_foreign(plan, 9)
    assert not UsageAlert.objects.exists()
    add_foreign(plan, 1, second=60)
    alert = UsageAlert.objects.get()
    assert (alert.credits, alert.rows, alert.percent) == (10, 2, 90)
    add_foreign(plan, 5, second=120)
    alert.refresh_from_db()
    assert (alert.credits, alert.rows) == (15, 3)
    assert AuditEvent.objects.filter(action=AuditAction.MISUSE_SUSPECTED).count() == 1
    assert [list_seen(user) for user in (alice, admin, bob)] == [[alert]] * 3
    assert [list_seen(user) for user in (viewer, charlie)] == [[], []]


def test_a_small_share_is_no_alert(plan: Connection) -> None:
    row = make_row(plan, points=Decimal(200), second=-3600)
    UsageRecord.objects.filter(pk=row.pk).update(match=Match.MATCHED, is_corrected=True)
    add_foreign(plan, 15)
    assert not UsageAlert.objects.exists()


@pytest.mark.parametrize(
    "moment", [MORNING - timedelta(days=8), LONG_AGO - timedelta(days=1), MORNING - timedelta(days=1, hours=2)]
)
def test_what_is_older_than_the_period_or_the_use_here_doesnt_count(plan: Connection, moment: Any) -> None:
    add_foreign(plan, 50, moment=moment)
    assert not UsageAlert.objects.exists()


def test_a_connection_that_was_never_used_here_raises_none(bob: User) -> None:
    unused = make_hosted_connection(bob, check_state="ok", created_at=LONG_AGO)
    add_foreign(unused, 50)
    assert not UsageAlert.objects.exists()


def test_without_any_match_the_site_cant_tell_its_own_charges(bob: User) -> None:
    plan = make_hosted_connection(bob, check_state="ok", created_at=LONG_AGO)
    make_downloaded_job(bob, plan, make_upload(bob), second=-86400)
    add_foreign(plan, 50)
    assert not UsageAlert.objects.exists()


def test_after_a_dismissal_only_later_charges_count_and_not_before_the_next_period(
    plan: Connection, bob: User, client: Client
) -> None:
    add_foreign(plan, 20)
    alert = UsageAlert.objects.get()
    client.force_login(bob)
    assert client.post(f"/usage-alerts/{alert.uuid}/dismiss/").status_code == 302
    alert.refresh_from_db()
    assert (alert.dismissed_by, list_seen(bob)) == (bob, [])
    assert AuditEvent.objects.filter(action=AuditAction.MISUSE_DISMISSED, person_name="bob").count() == 1
    add_foreign(plan, 20, moment=timezone.now())
    assert UsageAlert.objects.count() == 1, "one in each period"
    UsageAlert.objects.update(created_at=LONG_AGO, dismissed_at=timezone.now() + timedelta(minutes=1))
    reconcile_history(connection_id=plan.pk)
    assert UsageAlert.objects.count() == 1, "what was dismissed doesn't count again"
    add_foreign(plan, 20, moment=timezone.now() + timedelta(minutes=2))
    assert [found.credits for found in list_seen(bob)] == [20]


def test_pages_show_it_to_whom_it_concerns(
    plan: Connection, alice: User, bob: User, viewer: User, client: Client
) -> None:
    add_foreign(plan, 20)
    text = "Somebody else may use the token of"
    for person, is_shown in ((alice, True), (bob, True), (viewer, False)):
        client.force_login(person)
        for address in ("/t/studio/usage/", "/t/studio/connections/", f"/connections/{plan.uuid}/check/"):
            assert (text in client.get(address).content.decode()) is is_shown, address


def test_a_private_connections_alert_is_its_keepers_alone(alice: User, bob: User, client: Client) -> None:
    alert = make_alert(make_hosted_connection(bob))
    assert (list_seen(alice), list_seen(bob)) == ([], [alert])
    client.force_login(alice)
    assert client.post(f"/usage-alerts/{alert.uuid}/dismiss/").status_code == 404


@pytest.mark.parametrize(("person", "status"), [("viewer", 403), ("charlie", 404), ("admin", 302)])
def test_only_keeper_and_admins_dismiss_it(
    person: str, status: int, plan: Connection, client: Client, request: pytest.FixtureRequest
) -> None:
    alert = make_alert(plan)
    client.force_login(request.getfixturevalue(person))
    assert client.post(f"/usage-alerts/{alert.uuid}/dismiss/").status_code == status
    alert.refresh_from_db()
    assert (alert.dismissed_at is not None) is (status == 302)


@pytest.mark.parametrize("has_mail", [True, False])
def test_the_keeper_is_told_by_mail_where_there_is_mail(
    has_mail: bool,
    plan: Connection,
    bob: User,
    settings: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    settings.HAS_MAIL = has_mail
    User.objects.filter(pk=bob.pk).update(email="bob@mail.example")
    with django_capture_on_commit_callbacks(execute=True):
        add_foreign(plan, 20)
        add_foreign(plan, 20, second=60)
    assert [message.to for message in mail.outbox] == ([["bob@mail.example"]] if has_mail else [])
    assert all("20 credits" in str(message.body) for message in mail.outbox)
