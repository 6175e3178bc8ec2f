"""Alerts of budgets: who sees them, and their mails."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from tests.budgets.test_budgets import add_charge, make_budget
from tests.conftest import as_actor
from vanceweb.budgets.alert_mails import send_next_mail
from vanceweb.budgets.alerts import find_alerts, report_level
from vanceweb.budgets.models import AlertMail, Budget, BudgetAlert
from vanceweb.budgets.services import change_budget
from vanceweb.budgets.sweeps import wake_due_mails
from vanceweb.teams.models import User
from vanceweb.vault.models import Connection


def alert(alice: User, percent: int = 85, **values: Any) -> Budget:
    budget = make_budget(alice, 100, **values)
    report_level(budget, zone="UTC", percent=percent)
    return budget


@pytest.fixture
def with_mail(settings: Any) -> None:
    settings.HAS_MAIL = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def give_addresses(*people: User) -> None:
    for person in people:
        User.objects.filter(pk=person.pk).update(email=f"{person.username}@example.com")


def test_people_see_the_alerts_that_concern_them(
    alice: User, bob: User, admin: User, viewer: User, bundled: Connection
) -> None:
    budgets = {"team": alert(alice), "bob": alert(alice, person=bob), "engine": alert(alice, connection=bundled)}
    names = {budget.pk: name for name, budget in budgets.items()}
    seen = {
        person.username: {names[row.budget_id] for row in find_alerts(as_actor(person))}
        for person in (alice, admin, bob, viewer)
    }
    assert seen == {
        "alice": {"team", "bob", "engine"},
        "admin": {"team", "bob", "engine"},
        "bob": {"team", "bob", "engine"},
        "viewer": {"team", "engine"},
    }


def test_pages_show_the_graver_alert_of_a_budget(alice: User, client: Client) -> None:
    budget = alert(alice)
    client.force_login(alice)
    for page in ("/t/studio/", "/t/studio/usage/"):
        text = " ".join(client.get(page).content.decode().split())
        assert "The whole team</strong>: the budget of 100 credits, each month, has reached 80 %" in text
    report_level(budget, zone="UTC", percent=100)
    text = client.get("/t/studio/").content.decode()
    assert "is used up. Jobs that would exceed it are held." in text
    assert "has reached 80" not in text


def test_a_new_month_has_new_alerts(alice: User) -> None:
    budget = alert(alice)
    last_month = timezone.now().date().replace(day=1) - timedelta(days=1)
    BudgetAlert.objects.update(period_start=last_month.replace(day=1))
    assert find_alerts(as_actor(alice)) == []
    report_level(budget, zone="UTC", percent=85)
    assert len(find_alerts(as_actor(alice))) == 1


def test_a_raise_withdraws_what_isnt_true_any_more(alice: User, bundled: Connection) -> None:
    budget = make_budget(alice, 10)
    add_charge(alice, bundled, 8)
    change_budget(actor=as_actor(alice), budget=budget, credits=Decimal(8))
    assert {row.threshold for row in BudgetAlert.objects.all()} == {80, 100}
    change_budget(actor=as_actor(alice), budget=budget, credits=Decimal(100))
    assert not BudgetAlert.objects.exists()


def test_without_mail_there_are_no_mails(alice: User) -> None:
    give_addresses(alice)
    alert(alice)
    assert not AlertMail.objects.exists()


@pytest.mark.usefixtures("with_mail")
class TestMails:
    def test_managers_and_the_person_get_one_mail_each(self, alice: User, bob: User, admin: User, viewer: User) -> None:
        give_addresses(alice, bob, viewer)
        budget = alert(alice, person=bob)
        report_level(budget, zone="UTC", percent=90)
        for _ in range(4):
            send_next_mail()
        assert sorted(message.to[0] for message in mail.outbox) == ["alice@example.com", "bob@example.com"]
        message = mail.outbox[0]
        assert message.subject == "80 % of a budget: bob, Studio"
        assert "80 % of a budget of the team Studio are used or reserved: bob, 100 credits, each month." in message.body
        assert "/t/studio/usage/budgets/" in message.body

    def test_of_two_thresholds_at_once_the_graver_one_is_sent(self, alice: User) -> None:
        give_addresses(alice)
        alert(alice, percent=100)
        for _ in range(2):
            send_next_mail()
        (message,) = mail.outbox
        assert message.subject.startswith("100 %")
        assert "is used up" in message.body

    def test_the_keeper_hears_of_the_budget_of_a_connection(self, alice: User, bob: User, bundled: Connection) -> None:
        give_addresses(bob)
        Connection.objects.update(keeper=bob)
        bundled.refresh_from_db()
        alert(alice, connection=bundled)
        send_next_mail()
        assert [message.to for message in mail.outbox] == [["bob@example.com"]]

    def test_a_mail_that_fails_is_tried_again_later(self, alice: User, settings: Any) -> None:
        give_addresses(alice)
        alert(alice)
        backend = settings.EMAIL_BACKEND
        settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", 9
        settings.EMAIL_HOST = "127.0.0.1"
        send_next_mail()
        row = AlertMail.objects.get()
        assert (row.mailed_at, row.lease_token) == (None, None)
        settings.EMAIL_BACKEND = backend
        send_next_mail()
        assert mail.outbox == []
        AlertMail.objects.update(not_before=timezone.now())
        AlertMail.objects.update(woken_at=None)
        assert wake_due_mails() == 1
        send_next_mail()
        assert (len(mail.outbox), wake_due_mails()) == (1, 0)
