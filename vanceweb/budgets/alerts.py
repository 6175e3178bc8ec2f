"""Alerts of budgets: one for each threshold and period, shown on pages and sent by mail where there is mail."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from vanceweb.budgets.models import STOP, WARNING, AlertMail, Budget, BudgetAlert
from vanceweb.budgets.tasks import send_alert_mails
from vanceweb.teams.access import Action, Actor, filter_concerning, list_allowed_people
from vanceweb.teams.models import User

THRESHOLDS = (WARNING, STOP)


def report_level(budget: Budget, *, zone: str, percent: Decimal | int) -> None:
    """Create the alerts of the thresholds that the budget has reached in this period, if there are none yet.

    Call it inside a transaction. `zone` is the team's. Workers send the mails.
    """
    reached = [threshold for threshold in THRESHOLDS if percent >= threshold]
    if not reached:
        return
    period_start = find_period_start(budget, zone)
    known = BudgetAlert.objects.filter(budget=budget, period_start=period_start, threshold__in=reached)
    missing = set(reached) - set(known.values_list("threshold", flat=True))
    for threshold in sorted(missing):
        alert, is_new = BudgetAlert.objects.get_or_create(budget=budget, threshold=threshold, period_start=period_start)
        # Of two at once, only the graver one is worth a mail.
        if is_new and threshold == max(missing):
            _request_mails(alert, budget)


def remove_outdated_alerts(budget: Budget, *, zone: str, percent: Decimal) -> None:
    """Delete the alerts of this period whose threshold the budget, which was raised, no longer reaches."""
    alerts = BudgetAlert.objects.filter(budget=budget, period_start=find_period_start(budget, zone))
    alerts.filter(threshold__gt=percent).delete()


def find_period_start(budget: Budget, zone: str) -> date:
    """Return the first day of the budget's present period in the team's zone."""
    return budget.find_start_day(timezone.now(), zone).date()


def filter_alerts(actor: Actor) -> QuerySet[BudgetAlert]:
    """Return the alerts of any period that concern the actor."""
    return BudgetAlert.objects.filter(budget__in=filter_concerning(Budget.objects.filter_in_force(), actor))


def find_alerts(actor: Actor) -> list[BudgetAlert]:
    """Return the alerts of the present period that concern the actor, the graver one of each budget. One query."""
    rows = (
        filter_alerts(actor)
        .select_related("budget__person", "budget__connection")
        .defer("budget__connection__token")
        .order_by("budget", "threshold")
    )
    present = [row for row in rows if row.period_start == find_period_start(row.budget, actor.team.time_zone)]
    return list({row.budget_id: row for row in present}.values())


def _request_mails(alert: BudgetAlert, budget: Budget) -> None:
    if not settings.HAS_MAIL:
        return
    people = [person for person in _find_recipients(budget) if person.email]
    for _mail in AlertMail.objects.bulk_create([AlertMail(alert=alert, person=person) for person in people]):
        send_alert_mails.enqueue()


def _find_recipients(budget: Budget) -> Collection[User]:
    """Return whoever manages budgets and, if they are in the team, the budget's person or its connection's keeper."""
    members = {person.pk: person for person in list_allowed_people(budget.team, Action.SEE)}
    managers = list_allowed_people(budget.team, Action.MANAGE_BUDGETS).values_list("pk", flat=True)
    concerned = budget.person_id if budget.connection is None else budget.connection.keeper_id
    return [members[pk] for pk in {*managers, concerned} if pk in members]
