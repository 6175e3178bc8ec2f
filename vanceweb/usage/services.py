"""Writes on usage. None of them calls a service: the io worker reads histories."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from vanceweb.teams.access import Actor, filter_visible
from vanceweb.usage.models import HistorySync, UsageRecord
from vanceweb.usage.tasks import sync_history
from vanceweb.vault.models import Connection
from vanceweb.vault.services import request_balance, set_connection_privacy


@transaction.atomic
def request_refresh(*, actor: Actor) -> int:
    """Enqueue readings of balance and history of all visible connections. Return the number of connections."""
    connections = list(filter_visible(Connection.objects.all(), actor).values_list("pk", flat=True))
    for pk in connections:
        request_balance(connection_id=pk)
        request_history(connection_id=pk)
    return len(connections)


@transaction.atomic
def request_history(*, connection_id: int, asked_before: datetime | None = None) -> bool:
    """Enqueue a history sync, with `asked_before` only if none was requested since. Return whether it was enqueued."""
    now = timezone.now()
    sync, is_new = HistorySync.objects.get_or_create(connection_id=connection_id, defaults={"asked_at": now})
    if not is_new:
        rows = HistorySync.objects.filter(pk=sync.pk)
        if asked_before is not None:
            rows = rows.filter(asked_at__lt=asked_before)
        if rows.update(asked_at=now) == 0:
            return False
    sync_history.enqueue(connection_id)
    return True


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
