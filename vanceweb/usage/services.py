"""Writes on usage. None of them calls a service: the io worker reads histories."""

from collections.abc import Collection

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from vanceweb.lib.due_rows import request_rows
from vanceweb.teams.access import Action, Actor, filter_visible, require, require_secret_replaceable
from vanceweb.teams.audit import record_event
from vanceweb.teams.memberships import lock_teams
from vanceweb.teams.models import AuditAction
from vanceweb.usage.local_times import request_rebuild
from vanceweb.usage.models import HistorySync, UsageRecord
from vanceweb.usage.service_times import list_zones
from vanceweb.usage.sums import list_days, recompute_days
from vanceweb.usage.tasks import sync_histories
from vanceweb.vault.models import Connection
from vanceweb.vault.services import request_balances, set_connection_privacy

# In a shorter month, its last day counts.
LAST_BILLING_DAY = 31


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
    # Everybody locks the team before its connections.
    lock_teams([actor.team.pk])
    was_private = Connection.objects.without_token().select_for_update().get(pk=connection.pk).is_private
    set_connection_privacy(actor=actor, connection=connection, private=False)
    if show_history:
        past = UsageRecord.objects.filter(connection=connection, private_to=actor.user)
        days = list_days(past)
        past.update(private_to=None)
        recompute_days(team_id=actor.team.pk, days=days)
    if show_history or was_private:
        # Charges from before that are only read later stay private, too.
        connection.private_past_until = None if show_history else timezone.now()
        connection.save(update_fields=["private_past_until"])


@transaction.atomic
def set_history_facts(*, actor: Actor, connection: Connection, zone: str, billing_day: int | None) -> None:
    """Set the zone of the service's times, and the day of the month on which it grants credits anew.

    Raise ValidationError with the fields `time_zone` and `billing_day`, and PermissionDenied unless the actor keeps the
    connection.
    """
    require_secret_replaceable(actor, connection)
    if connection.is_bundled:
        raise PermissionDenied
    if zone not in list_zones():
        raise ValidationError({"time_zone": [_("Choose a time zone from the list.")]})
    if billing_day is not None and not 1 <= billing_day <= LAST_BILLING_DAY:
        raise ValidationError({"billing_day": [_("Enter a day of the month, 1 to 31.")]})
    before = (connection.time_zone, connection.billing_day)
    if before == (zone, billing_day):
        return
    Connection.objects.filter(pk=connection.pk).update(billing_day=billing_day)
    connection.billing_day = billing_day
    if connection.time_zone != zone:
        set_service_zone(connection=connection, zone=zone)
    state = zone if billing_day is None else f"{zone}, {billing_day}"
    record_event(AuditAction.CONNECTION_HISTORY_CHANGED, by=actor.performer, target=connection, state=state)


@transaction.atomic
def set_service_zone(*, connection: Connection, zone: str) -> None:
    """Set the zone of the service's times, an IANA name. Stored rows are corrected, many of them in the background."""
    lock_teams([connection.team_id])
    Connection.objects.filter(pk=connection.pk).update(time_zone=zone)
    connection.time_zone = zone
    request_rebuild(team_id=connection.team_id)


@transaction.atomic
def set_team_zone(*, actor: Actor, zone: str) -> None:
    """Set the zone, an IANA name, in which the days of the actor's team begin. The sums are computed anew.

    Raise ValidationError with the field `time_zone`, and PermissionDenied.
    """
    require(actor, Action.MANAGE_CONNECTIONS)
    if zone not in list_zones():
        raise ValidationError({"time_zone": [_("Choose a time zone from the list.")]})
    (team,) = lock_teams([actor.team.pk])
    if team.time_zone == zone:
        return
    team.time_zone = zone
    team.save(update_fields=["time_zone"])
    record_event(AuditAction.TEAM_SETTINGS_CHANGED, by=actor.performer, target=team, state=zone)
    request_rebuild(team_id=team.pk)
