"""Writes on budgets."""

from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from vanceweb.budgets.alerts import remove_outdated_alerts, report_level
from vanceweb.budgets.models import Budget
from vanceweb.budgets.spent_credits import calculate_foreign_month, measure_budgets
from vanceweb.teams.access import Action, Actor, get_actor, require
from vanceweb.teams.audit import record_event
from vanceweb.teams.models import AuditAction, User
from vanceweb.vault.models import Connection


@dataclass(frozen=True)
class BudgetValues:
    """The parts of a new budget that people choose. Without a person and a connection it is the whole team's."""

    credits: Decimal
    period: str = Budget.Period.MONTH
    person: User | None = None
    connection: Connection | None = None


@transaction.atomic
def create_budget(*, actor: Actor, values: BudgetValues) -> Budget:
    """Set a budget, which counts from now or, each month, from the month's beginning. Raise PermissionDenied.

    Raise ValidationError for somebody who isn't in the team, for a connection that isn't its own, and for a second
    budget of the same kind.
    """
    require(actor, Action.MANAGE_BUDGETS)
    _check_subject(actor, values)
    zone = actor.team.time_zone
    budget = Budget(
        team=actor.team,
        person=values.person,
        connection=values.connection,
        period=values.period,
        credits=values.credits,
    )
    if values.connection is not None and not budget.is_monthly:
        budget.foreign_before = calculate_foreign_month(values.connection.pk, timezone.now(), zone)
    try:
        with transaction.atomic():
            budget.save()
    except IntegrityError:
        raise ValidationError(_("There is a budget for that already. Change it instead.")) from None
    _report_present_level(budget, zone)
    record_event(
        AuditAction.BUDGET_CREATED, by=actor.performer, target=budget, credits=budget.credits, period=budget.period
    )
    return budget


@transaction.atomic
def change_budget(*, actor: Actor, budget: Budget, credits: Decimal) -> None:
    """Set another number of credits. Held jobs that it has room for now continue by themselves.

    Raise PermissionDenied.
    """
    require(actor, Action.MANAGE_BUDGETS)
    locked = Budget.objects.select_for_update(of=("self",), no_key=True).get(pk=budget.pk)
    if locked.credits == credits:
        return
    Budget.objects.filter(pk=budget.pk).update(credits=credits)
    budget.credits = credits
    _report_present_level(budget, actor.team.time_zone)
    record_event(
        AuditAction.BUDGET_CHANGED,
        by=actor.performer,
        target=budget,
        credits=credits,
        old_credits=locked.credits,
        period=budget.period,
    )


@transaction.atomic
def delete_budget(*, actor: Actor, budget: Budget) -> None:
    """End a budget. Jobs that are held for it continue by themselves. Raise PermissionDenied."""
    require(actor, Action.MANAGE_BUDGETS)
    record_event(
        AuditAction.BUDGET_DELETED, by=actor.performer, target=budget, credits=budget.credits, period=budget.period
    )
    budget.delete()


def _check_subject(actor: Actor, values: BudgetValues) -> None:
    if values.person is not None and values.connection is not None:
        raise ValidationError(_("Choose a person or a connection, not both."))
    if values.person is not None and get_actor(values.person, actor.team) is None:
        raise ValidationError(_("The person is not in the team."))
    if values.connection is not None and (values.connection.is_private or not actor.can_see(values.connection)):
        raise ValidationError(_("Only shared connections have a budget."))


def _report_present_level(budget: Budget, zone: str) -> None:
    percent = measure_budgets([budget], zone)[budget.pk].committed * 100 / budget.credits
    remove_outdated_alerts(budget, zone=zone, percent=percent)
    report_level(budget, zone=zone, percent=percent)
