"""The history of credits as reported by the services."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from vanceweb.vault.models import CREDIT_DECIMALS, CREDIT_DIGITS, Connection

# Longer texts are truncated. The known services stay far below these lengths.
POINT_TYPE_LENGTH = 40
JOB_LENGTH = 100
INFO_LENGTH = 300


class UsageRecordQuerySet(models.QuerySet["UsageRecord"]):
    def of_connection(self, connection: Connection) -> "UsageRecordQuerySet":
        return self.filter(connection=connection)


class UsageRecord(models.Model):
    """One charge. The API's rows have no id, and two can be equal in every field; `occurrence` numbers equal rows.

    The job that caused a charge is not stored: a row names the result's file but no id, so it would be a guess.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="usage_records")
    connection = models.ForeignKey(Connection, null=True, on_delete=models.SET_NULL, related_name="usage_records")
    # Shown after the connection has been removed.
    connection_name = models.CharField(max_length=80)
    point_type = models.CharField(max_length=POINT_TYPE_LENGTH)
    job = models.CharField(max_length=JOB_LENGTH)
    info = models.CharField(max_length=INFO_LENGTH)
    points = models.DecimalField(max_digits=CREDIT_DIGITS, decimal_places=CREDIT_DECIMALS)
    balance = models.DecimalField(max_digits=CREDIT_DIGITS, decimal_places=CREDIT_DECIMALS)
    created_at = models.DateTimeField()
    occurrence = models.PositiveIntegerField(default=1)

    objects = UsageRecordQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"], name="usage_newest_first"),
            models.Index(fields=["connection", "-created_at"], name="usage_of_connection"),
        ]
        constraints = [
            models.UniqueConstraint(
                name="usage_row_once",
                fields=[
                    "connection",
                    "created_at",
                    "point_type",
                    "job",
                    "info",
                    "points",
                    "balance",
                    "occurrence",
                ],
            )
        ]

    def __str__(self) -> str:
        return f"{self.points} for {self.job}"


class HistorySync(models.Model):
    """The time and the error of a connection's last history sync."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="history_sync")
    synced_at = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    last_error = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"history of {self.connection_id}"
