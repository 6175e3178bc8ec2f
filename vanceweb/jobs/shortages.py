"""A person's choices for a job that costs more than its connection has left."""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vanceweb.budgets.spent_credits import find_available_credits
from vanceweb.teams.access import Actor, filter_spendable
from vanceweb.vault.models import Connection


class WhenShort(models.TextChoices):
    """The fate of a job that costs more than its connection has left."""

    START = "start", _("Start it anyway")
    HOLD = "hold", _("Hold it until credits arrive")
    OTHER_CONNECTION = "other_connection", _("Use another connection of the team")
    BUNDLED_ENGINE = "bundled_engine", _("Run it on the bundled engine")


@dataclass(frozen=True)
class Placement:
    """The connection that a job gets, and whether it waits for credits there."""

    connection: Connection
    waits: bool


def choose_placement(*, actor: Actor, connection: Connection, credits: Decimal, when_short: str) -> Placement:
    """Return where a job goes that was meant for the connection. Call it inside a transaction.

    A job for which no other connection has enough is held on its own. The connections are locked, so that jobs that are
    submitted at the same time don't count on the same credits.
    """
    if when_short == WhenShort.START:
        return Placement(connection, waits=False)
    others = [] if when_short == WhenShort.HOLD else list_others(actor, connection, when_short)
    keys = [connection.pk, *(row.pk for row in others)]
    rows = Connection.objects.without_token().filter(pk__in=keys)
    locked = {row.pk: row for row in rows.select_for_update(of=("self",), no_key=True).order_by("pk")}
    available = find_available_credits(list(locked.values()))

    def has_enough(row: Connection) -> bool:
        left = available.get(row.pk)
        return row.pk in locked and (left is None or left >= credits)

    if has_enough(connection):
        return Placement(connection, waits=True)
    chosen = next((locked[row.pk] for row in others if has_enough(row)), connection)
    return Placement(chosen, waits=True)


def list_others(actor: Actor, connection: Connection, when_short: str) -> list[Connection]:
    """Return the connections that a choice leads to, the first one first: shared ones that the actor may spend on.

    Those whose service grants credits anew soonest come first, so that none expire; those whose day nobody has entered
    come last.
    """
    rows = find_others(actor, connection)
    if when_short == WhenShort.BUNDLED_ENGINE:
        return [row for row in rows if row.is_bundled]
    today = timezone.now().astimezone(ZoneInfo(actor.team.time_zone)).date()
    return sort_by_billing_day((row for row in rows if not row.is_bundled), today)


def find_others(actor: Actor, connection: Connection) -> list[Connection]:
    """Return the other shared connections that work and that the actor may spend on."""
    spendable = filter_spendable(Connection.objects.without_token(), actor).filter(private_to=None)
    return [row for row in spendable.exclude(pk=connection.pk) if not row.is_broken]


def sort_by_billing_day(connections: Iterable[Connection], today: date) -> list[Connection]:
    """Return the connections in the order of their next billing days, those without one last."""

    def find_order(row: Connection) -> tuple[bool, int, int]:
        days = 0 if row.billing_day is None else count_days_until(row.billing_day, today)
        return row.billing_day is None, days, row.pk

    return sorted(connections, key=find_order)


def count_days_until(billing_day: int, today: date) -> int:
    """Return the days until the next billing day, 0 for today. In a month without that day it is the last one."""
    length = calendar.monthrange(today.year, today.month)[1]
    this_month = today.replace(day=min(billing_day, length))
    if this_month >= today:
        return (this_month - today).days
    following = today.replace(day=length) + timedelta(days=1)
    last = calendar.monthrange(following.year, following.month)[1]
    return (following.replace(day=min(billing_day, last)) - today).days
