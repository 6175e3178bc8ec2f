"""The audit log has every act on a connection, and no token."""

import json

from django.core import serializers

from tests.conftest import as_actor
from vanceweb.teams.models import AuditEvent, User
from vanceweb.usage.services import share_connection
from vanceweb.vault.keeping import hand_over_connection, set_spenders
from vanceweb.vault.services import (
    add_connection,
    remove_connection,
    rename_connection,
    replace_token,
    set_connection_privacy,
)

TOKENS = ("a-token-that-nobody-sees", "another-token-that-nobody-sees")


def test_each_act_is_one_event_without_a_token(alice: User, bob: User) -> None:
    actor = as_actor(bob)
    AuditEvent.objects.all()._raw_delete("default")
    plan = add_connection(actor=actor, name="Plan", base_url="https://api.example.org/v1", token=TOKENS[0])
    rename_connection(actor=actor, connection=plan, name="Big plan")
    rename_connection(actor=actor, connection=plan, name="Big plan")
    replace_token(actor=actor, connection=plan, token=TOKENS[1])
    for _ in range(2):
        share_connection(actor=actor, connection=plan, show_history=False)
    set_spenders(actor=actor, connection=plan, spend_role="admin", people=[])
    set_spenders(actor=actor, connection=plan, spend_role="admin", people=[])
    set_connection_privacy(actor=actor, connection=plan, private=True)
    share_connection(actor=actor, connection=plan, show_history=True)
    hand_over_connection(actor=actor, connection=plan, keeper=alice)
    uuid = str(plan.uuid)
    remove_connection(actor=as_actor(alice), connection=plan)
    events = AuditEvent.objects.order_by("pk")
    assert [(event.action, event.person_name, event.target_name, event.details) for event in events] == [
        ("connection.added", "bob", "Plan", {"service": "https://api.example.org/v1"}),
        ("connection.renamed", "bob", "Big plan", {"old_name": "Plan"}),
        ("connection.token_replaced", "bob", "Big plan", {}),
        ("connection.shared", "bob", "Big plan", {}),
        ("connection.spenders_changed", "bob", "Big plan", {"role": "admin", "name": ""}),
        ("connection.made_private", "bob", "Big plan", {}),
        ("connection.shared", "bob", "Big plan", {}),
        ("connection.handed_over", "bob", "Big plan", {"name": "alice"}),
        ("connection.removed", "alice", "Big plan", {}),
    ]
    assert {event.target_id for event in events} == {uuid}
    dump = json.dumps(serializers.serialize("json", events))
    assert not any(token in dump for token in TOKENS)
