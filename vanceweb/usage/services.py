"""Writes on usage. None of them calls a service: the io worker reads histories."""

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from vanceweb.lib.due_rows import request_rows
from vanceweb.teams.access import Actor, filter_visible
from vanceweb.usage.models import HistorySync, UsageRecord
from vanceweb.usage.service_times import build_times
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
def set_service_zone(*, connection: Connection, zone: str) -> None:
    """Set the zone of the service's times, an IANA name, and correct the stored rows."""
    locked = Connection.objects.without_token().select_related("team").select_for_update(of=("self",))
    current = locked.get(pk=connection.pk)
    rows = UsageRecord.objects.filter(connection=current).only("pk", "service_time")
    for row in rows.iterator():
        times = build_times(row.service_time.replace(tzinfo=None), service_zone=zone, team_zone=current.team.time_zone)
        UsageRecord.objects.filter(pk=row.pk).update(**times)
    Connection.objects.filter(pk=current.pk).update(time_zone=zone)
    connection.time_zone = zone
