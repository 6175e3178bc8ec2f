"""Budgets, the credits that jobs reserve and settle, alerts of budgets, and prices of credits."""

from datetime import datetime
from decimal import Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vanceweb.budgets.periods import start_month
from vanceweb.lib.leases import LeasedModel
from vanceweb.teams.models import Team
from vanceweb.vault.models import CREDIT_DECIMALS, CREDIT_DIGITS, REPORTED_DIGITS, Connection

# Prices are far below a unit of most currencies.
PRICE_DIGITS = 14
PRICE_DECIMALS = 6
# ISO 4217.
CURRENCY_LENGTH = 3
# Per cent of a budget: a warning, and the stop of further jobs.
WARNING = 80
STOP = 100


class BudgetQuerySet(models.QuerySet["Budget"]):
    def fetch_subjects(self) -> "BudgetQuerySet":
        """Fetch the team, the person and the connection in the same query, without the token."""
        return self.select_related("team", "person", "connection").defer("connection__token")

    def filter_in_force(self) -> "BudgetQuerySet":
        """Leave out those of connections that are private: nobody's budget limits what is somebody's own."""
        return self.filter(Q(connection=None) | Q(connection__private_to=None))


class Budget(models.Model):
    """The most credits that jobs on a team's shared connections may cost in a period.

    Of a person, of a connection, or with neither of the whole team.
    """

    class Period(models.TextChoices):
        MONTH = "month", gettext_lazy("Each month")
        TOTAL = "total", gettext_lazy("In all")

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    connection = models.ForeignKey(Connection, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    period = models.CharField(max_length=16, choices=Period.choices, default=Period.MONTH)
    credits = models.DecimalField(max_digits=CREDIT_DIGITS, decimal_places=CREDIT_DECIMALS)
    # A budget in all counts from its beginning, but sums of foreign credits are those of months: so many are older.
    foreign_before = models.DecimalField(max_digits=REPORTED_DIGITS, decimal_places=CREDIT_DECIMALS, default=0)
    created_at = models.DateTimeField(default=timezone.now)

    objects = BudgetQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.CheckConstraint(name="budgets_one_subject", condition=Q(person=None) | Q(connection=None)),
            models.CheckConstraint(name="budgets_some_credits", condition=Q(credits__gt=0)),
            models.UniqueConstraint(
                name="budgets_of_team", fields=["team", "period"], condition=Q(person=None, connection=None)
            ),
            models.UniqueConstraint(
                name="budgets_of_person", fields=["team", "period", "person"], condition=Q(person__isnull=False)
            ),
            models.UniqueConstraint(
                name="budgets_of_connection",
                fields=["team", "period", "connection"],
                condition=Q(connection__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def subject(self) -> str:
        """Whose budget it is, for people."""
        if self.person is not None:
            return self.person.get_username()
        return self.connection.name if self.connection is not None else _("The whole team")

    @property
    def is_monthly(self) -> bool:
        return self.period == self.Period.MONTH

    def find_start(self, now: datetime, zone: str) -> datetime:
        """Return when its current period began: the month in the team's `zone`, an IANA name, or its own beginning."""
        return start_month(now, zone) if self.is_monthly else self.created_at

    def find_start_day(self, now: datetime, zone: str) -> datetime:
        """Return the beginning of the current period as the clocks of the team show it."""
        return self.find_start(now, zone).astimezone(ZoneInfo(zone))


class Reservation(models.Model):
    """The credits of one job: reserved from its submission, settled when its service has charged them.

    `settled` is what was charged, also by an earlier attempt of a job that reserves again.
    """

    class State(models.TextChoices):
        RESERVED = "reserved"
        SETTLED = "settled"
        RELEASED = "released"

    job_uuid = models.UUIDField(unique=True)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    connection = models.ForeignKey(Connection, null=True, on_delete=models.SET_NULL, related_name="+")
    # The person who submitted the job.
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    # The connection was the team's. Jobs on private connections count on no budget.
    is_shared = models.BooleanField()
    credits = models.DecimalField(max_digits=CREDIT_DIGITS, decimal_places=CREDIT_DECIMALS)
    state = models.CharField(max_length=16, choices=State.choices, default=State.RESERVED)
    settled = models.DecimalField(max_digits=REPORTED_DIGITS, decimal_places=CREDIT_DECIMALS, default=0)
    settled_at = models.DateTimeField(null=True, blank=True)
    reserved_at = models.DateTimeField(default=timezone.now)
    # An owner let the job exceed a budget.
    is_override = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["team", "settled_at"], name="budgets_settled"),
            models.Index(fields=["connection", "settled_at"], name="budgets_settled_there"),
            # As few rows as there are jobs that haven't ended.
            models.Index(fields=["team"], name="budgets_reserved", condition=Q(state="reserved")),
            models.Index(fields=["connection"], name="budgets_reserved_there", condition=Q(state="reserved")),
        ]

    def __str__(self) -> str:
        return f"{self.credits} for job {self.job_uuid}: {self.state}"


class ForeignCredits(models.Model):
    """The credits of a month that a connection's service charged for nothing of this site."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    # The first day of the month in the team's zone.
    month = models.DateField()
    credits = models.DecimalField(max_digits=REPORTED_DIGITS, decimal_places=CREDIT_DECIMALS)

    class Meta:
        constraints = [models.UniqueConstraint(name="budgets_one_foreign_sum", fields=["connection", "month"])]

    def __str__(self) -> str:
        return f"{self.credits} in {self.month:%Y-%m}"


class BudgetAlert(models.Model):
    """A threshold that a budget reached in a period. People are told of it once."""

    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="alerts")
    # Per cent: WARNING or STOP.
    threshold = models.PositiveSmallIntegerField()
    # The first day of the period in the team's zone.
    period_start = models.DateField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="budgets_one_alert", fields=["budget", "threshold", "period_start"])
        ]

    def __str__(self) -> str:
        return f"{self.threshold} % of budget {self.budget_id}"

    @property
    def is_stop(self) -> bool:
        return self.threshold == STOP


class AlertMail(LeasedModel):
    """The mail of an alert to one person."""

    alert = models.ForeignKey(BudgetAlert, on_delete=models.CASCADE, related_name="mails")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="budgets_one_mail", fields=["alert", "person"])]

    def __str__(self) -> str:
        return f"mail of alert {self.alert_id} to {self.person_id}"


class CreditPrice(models.Model):
    """The price of a credit for a team, from a day on until the next price."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    price = models.DecimalField(max_digits=PRICE_DIGITS, decimal_places=PRICE_DECIMALS)
    currency = models.CharField(max_length=CURRENCY_LENGTH)
    # In the team's zone.
    valid_from = models.DateField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-valid_from"]
        constraints = [
            models.UniqueConstraint(name="budgets_one_price", fields=["team", "valid_from"]),
            models.CheckConstraint(name="budgets_no_negative_price", condition=Q(price__gte=Decimal(0))),
        ]

    def __str__(self) -> str:
        return f"{self.price.normalize():f} {self.currency}"
