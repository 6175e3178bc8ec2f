"""Alerts about charges that nobody here caused."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from vanceweb.vault.models import CREDIT_DECIMALS, REPORTED_DIGITS, Connection


class UsageAlert(models.Model):
    """The suspicion that somebody else uses a connection's token. A connection has one that is open at most."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="usage_alerts")
    # The charges from elsewhere since then: their credits, their number, and their part of all credits in percent.
    since = models.DateTimeField()
    credits = models.DecimalField(max_digits=REPORTED_DIGITS, decimal_places=CREDIT_DECIMALS)
    rows = models.PositiveIntegerField()
    percent = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(default=timezone.now)
    dismissed_at = models.DateTimeField(null=True, blank=True)
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(name="usage_one_open_alert", fields=["connection"], condition=Q(dismissed_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.credits} credits from elsewhere on {self.connection}"
