"""Webhooks whose maker has left: they stay the team's, say so, and somebody takes them over."""

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from tests.api.factories import make_webhook
from tests.conftest import as_actor
from tests.factories import make_job
from vanceweb.accounts.services import deactivate_person
from vanceweb.api.models import Webhook, WebhookDelivery
from vanceweb.api.sweeps import report_ended_jobs
from vanceweb.api.webhook_services import take_over_webhook
from vanceweb.ops.departures import leave_team, remove_member
from vanceweb.ops.people import delete_person
from vanceweb.ops.private_work import Fate
from vanceweb.teams.audit import COMMAND
from vanceweb.teams.models import AuditAction, AuditEvent, Membership, User


@pytest.fixture
def webhook(admin: User) -> Webhook:
    return make_webhook(admin)


def has_left(webhook: Webhook) -> bool:
    return Webhook.objects.filter_left().filter(pk=webhook.pk).exists()


def read(user: User, address: str = "/t/studio/webhooks/") -> str:
    client = Client()
    client.force_login(user)
    return client.get(address).content.decode()


def test_it_stays_on_and_the_departure_says_and_records_so(webhook: Webhook, admin: User, alice: User) -> None:
    assert "A webhook that you added stays on" in read(admin, "/t/studio/leave/")
    membership = Membership.objects.get(user=admin)
    assert "A webhook that they added stays on" in read(alice, f"/t/studio/people/{membership.pk}/remove/")
    remove_member(actor=as_actor(alice), membership=membership, fate=Fate.DELETE)
    event = AuditEvent.objects.get(action=AuditAction.WEBHOOK_LEFT)
    assert (event.person_name, event.target_name, event.details) == ("alice", "Shop", {"name": "admin"})
    job = make_job(alice)
    report_ended_jobs()
    assert WebhookDelivery.objects.filter(webhook=webhook, job_uuid=job.uuid).exists()
    page = read(alice)
    assert "Has left or is deactivated" in page
    assert "admin" in page


@pytest.mark.parametrize(
    "go",
    [
        lambda admin: leave_team(actor=as_actor(admin), fate=Fate.DELETE),
        lambda admin: deactivate_person(user=admin, by=COMMAND),
        lambda admin: delete_person(user=admin, by=COMMAND),
    ],
    ids=["left", "deactivated", "deleted"],
)
def test_somebody_takes_it_over(
    go: Callable[[User], None], webhook: Webhook, admin: User, alice: User, client: Client
) -> None:
    assert not has_left(webhook)
    assert "Take over" not in read(alice)
    go(admin)
    assert has_left(webhook)
    client.force_login(alice)
    answer = client.post(f"/webhooks/{webhook.uuid}/take-over/", follow=True)
    assert "You have taken over Shop." in answer.content.decode()
    webhook.refresh_from_db()
    assert (webhook.created_by, webhook.is_active, has_left(webhook)) == (alice, True, False)
    assert AuditEvent.objects.get(action=AuditAction.WEBHOOK_TAKEN_OVER).target_id == str(webhook.uuid)


def test_nobody_takes_over_a_webhook_whose_maker_is_there(
    webhook: Webhook, alice: User, bob: User, admin: User
) -> None:
    assert not take_over_webhook(actor=as_actor(alice), webhook=webhook)
    with pytest.raises(PermissionDenied):
        take_over_webhook(actor=as_actor(bob), webhook=webhook)
    webhook.refresh_from_db()
    assert webhook.created_by == admin
