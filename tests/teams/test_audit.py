"""The audit log takes events, tells who, what and where, and lets nobody change them."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.conftest import as_actor
from vanceweb.teams.audit import COMMAND, record_event
from vanceweb.teams.models import AuditAction, AuditEvent, User, Via

pytestmark = pytest.mark.django_db


def record(actor: Any) -> AuditEvent:
    return record_event(AuditAction.ROLE_CHANGED, by=actor.performer, target=actor.user, role="admin")


def test_an_event_tells_who_did_what_on_what(alice: User):
    actor = as_actor(alice)
    event = AuditEvent.objects.get(pk=record(actor).pk)
    assert (event.person_pk, event.person_name, event.team_pk) == (alice.pk, "alice", actor.team.pk)
    assert (event.target_kind, event.target_id, event.target_name) == ("user", str(alice.pk), "alice")
    assert event.details == {"role": "admin"}
    assert event.title == "Changed a role"
    assert event.via == Via.SESSION


def test_a_command_has_no_person():
    event = record_event(AuditAction.VAULT_KEYS_ROTATED, by=COMMAND)
    assert (event.person_pk, event.person_name, event.address, event.via) == (None, "", None, Via.COMMAND)


def test_a_detail_that_the_log_does_not_know_is_refused(alice: User):
    with pytest.raises(ValueError, match="token"):
        record_event(AuditAction.CONNECTION_ADDED, by=as_actor(alice).performer, token="vw_secret")


def test_nothing_changes_an_event(alice: User):
    event = record(as_actor(alice))
    event.action = AuditAction.MEMBER_LEFT
    for attempt in (
        event.save,
        event.delete,
        AuditEvent.objects.all().delete,
        lambda: AuditEvent.objects.update(action=AuditAction.MEMBER_LEFT),
    ):
        with pytest.raises(TypeError):
            attempt()
    assert AuditEvent.objects.get(pk=event.pk).action == AuditAction.ROLE_CHANGED


def test_an_event_outlives_its_person(alice: User):
    event = record(as_actor(alice))
    alice.delete()
    assert AuditEvent.objects.get(pk=event.pk).person_name == "alice"


def test_old_events_are_removed_by_their_time_only(alice: User):
    record(as_actor(alice))
    assert AuditEvent.objects.all().remove_older_than(timezone.now() - timedelta(days=1)) == 0
    assert AuditEvent.objects.all().remove_older_than(timezone.now() + timedelta(days=1)) > 0
    assert not AuditEvent.objects.exists()
