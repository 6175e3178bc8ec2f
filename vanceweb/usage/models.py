"""The history of credits as the services tell it."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from vanceweb.vault.models import CREDIT_DECIMALS, CREDIT_DIGITS, Connection

# Longer texts are cut: the services we know stay far below.
POINT_TYPE_LENGTH = 40
JOB_LENGTH = 100
INFO_LENGTH = 300


class UsageRecordQuerySet(models.QuerySet["UsageRecord"]):
    def of_connection(self, connection: Connection) -> "UsageRecordQuerySet":
        return self.filter(connection=connection)


class UsageRecord(models.Model):
    """One charge. The API gives its rows no id, and two can be equal in every field: `occurrence` counts those.

    Which job caused a row is not stored: the row names a result's file and no id, so it could only be guessed.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="usage_records")
    connection = models.ForeignKey(Connection, null=True, on_delete=models.SET_NULL, related_name="usage_records")
    # What to call the connection once it was removed.
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
    """When a connection's history was last read, and what went wrong."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="history_sync")
    synced_at = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    last_error = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"history of {self.connection_id}"
