"""The price of a credit, with its history: what credits have cost in money."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from vanceweb.budgets.models import CreditPrice
from vanceweb.teams.access import Action, Actor, require
from vanceweb.teams.audit import record_event
from vanceweb.teams.models import AuditAction, Team


@transaction.atomic
def set_price(*, actor: Actor, price: Decimal, currency: str, valid_from: date) -> CreditPrice:
    """Set the price of a credit from a day on, in place of one that begins on the same day.

    Raise PermissionDenied, and ValidationError for a currency that isn't three letters.
    """
    require(actor, Action.MANAGE_BUDGETS)
    code = currency.strip().upper()
    if len(code) != 3 or not (code.isascii() and code.isalpha()):
        raise ValidationError({"currency": [_("Give the three letters of a currency, such as EUR.")]})
    row, _is_new = CreditPrice.objects.update_or_create(
        team=actor.team,
        valid_from=valid_from,
        defaults={"price": price, "currency": code, "created_by": actor.user},
    )
    record_event(
        AuditAction.CREDIT_PRICE_SET, by=actor.performer, target=row, price=f"{price:f} {code}", since=valid_from
    )
    return row


@transaction.atomic
def delete_price(*, actor: Actor, row: CreditPrice) -> None:
    """Delete a price, for one that was entered by mistake: the one before it counts on. Raise PermissionDenied."""
    require(actor, Action.MANAGE_BUDGETS)
    record_event(AuditAction.CREDIT_PRICE_DELETED, by=actor.performer, target=row, price=str(row), since=row.valid_from)
    row.delete()


def list_prices(team: Team) -> list[CreditPrice]:
    """Return the team's prices, the newest first."""
    return list(CreditPrice.objects.filter(team=team).select_related("created_by"))


def find_price(prices: Sequence[CreditPrice], day: date) -> CreditPrice | None:
    """Return the price that is valid on the day, of prices with the newest first; None before the first one."""
    return next((row for row in prices if row.valid_from <= day), None)


def compute_cost(prices: Sequence[CreditPrice], credits: Mapping[date, Decimal]) -> dict[str, Decimal]:
    """Return the cost of the credits of each day, by currency. Those of before the first price cost nothing known."""
    costs: dict[str, Decimal] = defaultdict(Decimal)
    for day, amount in credits.items():
        row = find_price(prices, day)
        if row is not None:
            costs[row.currency] += amount * row.price
    return dict(costs)


def find_local_day(moment: datetime, zone: str) -> date:
    """Return the day of the moment in the zone, an IANA name."""
    return moment.astimezone(ZoneInfo(zone)).date()
