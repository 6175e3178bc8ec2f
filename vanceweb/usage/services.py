"""Writes on usage. None of them calls a service: the io worker reads histories."""

from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from vanceweb.lib.due_rows import request_rows
from vanceweb.teams.access import Actor, filter_visible
from vanceweb.usage.models import HistorySync, UsageRecord
from vanceweb.usage.tasks import sync_histories
from vanceweb.vault.models import Connection
from vanceweb.vault.services import request_balances, set_connection_privacy


@transaction.atomic
def request_refresh(*, actor: Actor) -> int:
    """Enqueue readings of balance and history of all visible connections. Return the number of connections."""
    connections = list(filter_visible(Connection.objects.all(), actor).values_list("pk", flat=True))
    request_balances(connection_ids=connections)
    request_histories(connection_ids=connections)
    return len(connections)


@transaction.atomic
def request_histories(*, connection_ids: Collection[int]) -> None:
    """Enqueue readings of the connections' histories. Those whose token doesn't work wait until it does."""
    parked = [HistorySync(connection_id=key, not_before=None) for key in connection_ids]
    HistorySync.objects.bulk_create(parked, ignore_conflicts=True)
    request_rows(HistorySync.objects.filter(connection__in=connection_ids), sync_histories.enqueue)


@transaction.atomic
def share_connection(*, actor: Actor, connection: Connection, show_history: bool) -> None:
    """Share the actor's own connection with the team; with `show_history` its charges until now, too.

    Safe to repeat: the past of a connection that is shared already grows no longer, but can still be shown.
    Raise ValidationError with the field `name` if the team has a connection of that name, and PermissionDenied.
    """
    was_private = Connection.objects.without_token().select_for_update().get(pk=connection.pk).is_private
    set_connection_privacy(actor=actor, connection=connection, private=False)
    if show_history:
        UsageRecord.objects.filter(connection=connection, private_to=actor.user).update(private_to=None)
    if show_history or was_private:
        # Charges from before that are only read later stay private, too.
        connection.private_past_until = None if show_history else timezone.now()
        connection.save(update_fields=["private_past_until"])


@transaction.atomic
def set_zone_shift(*, connection: Connection, minutes: int) -> None:
    """Set the minutes (± 1440) to add to the service's times to get UTC, and correct the stored rows."""
    locked = Connection.objects.without_token().select_for_update().get(pk=connection.pk)
    change = timedelta(minutes=minutes - locked.zone_shift_minutes)
    UsageRecord.objects.filter(connection=locked).update(created_at=F("created_at") + change)
    Connection.objects.filter(pk=locked.pk).update(zone_shift_minutes=minutes)
    connection.zone_shift_minutes = minutes
