"""The history of credits as reported by the services."""

from typing import Any

from django.db import models

from vanceweb.lib.leases import LeasedModel
from vanceweb.teams.models import TeamOwned
from vanceweb.vault.models import CREDIT_DECIMALS, REPORTED_DIGITS, Connection

# Longer texts are truncated. The known services stay far below these lengths.
POINT_TYPE_LENGTH = 40
JOB_LENGTH = 100
INFO_LENGTH = 300


class UsageRecordQuerySet(models.QuerySet["UsageRecord"]):
    def of_connection(self, connection: Connection) -> "UsageRecordQuerySet":
        return self.filter(connection=connection)


class UsageRecord(TeamOwned):
    """One charge. The API's rows have no id, and two can be equal in every field; `occurrence` numbers equal rows.

    `job_uuid` is the job that caused the charge, read from the name under which its picture was uploaded; empty for
    charges that nobody here caused. `created_by` is the person who submitted it.
    """

    connection = models.ForeignKey(Connection, null=True, on_delete=models.SET_NULL, related_name="usage_records")
    # Shown after the connection has been removed.
    connection_name = models.CharField(max_length=80)
    point_type = models.CharField(max_length=POINT_TYPE_LENGTH)
    job = models.CharField(max_length=JOB_LENGTH)
    info = models.CharField(max_length=INFO_LENGTH)
    points = models.DecimalField(max_digits=REPORTED_DIGITS, decimal_places=CREDIT_DECIMALS)
    balance = models.DecimalField(max_digits=REPORTED_DIGITS, decimal_places=CREDIT_DECIMALS)
    job_uuid = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField()
    occurrence = models.PositiveIntegerField(default=1)

    # Not stored: the job, if the person who looks at the page may see it (see `queries.get_history_page`).
    shown_job: Any = None

    objects = UsageRecordQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["team", "-created_at", "-id", "private_to"], name="usage_newest_first"),
            models.Index(fields=["team", "created_by", "-created_at", "-id", "private_to"], name="usage_by_person"),
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


class HistorySync(LeasedModel):
    """The time and the error of a connection's last history sync, and when the next one is due."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="history_sync")
    synced_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"history of {self.connection_id}"
