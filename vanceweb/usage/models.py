"""The history of credits as reported by the services."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from vanceweb.lib.leases import LeasedModel
from vanceweb.teams.models import Team, TeamOwned
from vanceweb.usage.alert_models import UsageAlert
from vanceweb.usage.export_models import UsageExport
from vanceweb.vault.models import CREDIT_DECIMALS, REPORTED_DIGITS, Connection

__all__ = ["HistorySync", "Match", "UsageAlert", "UsageDay", "UsageExport", "UsageHour", "UsageMonth", "UsageRecord"]

# Longer texts are truncated. The known services stay far below these lengths.
POINT_TYPE_LENGTH = 40
JOB_LENGTH = 100
INFO_LENGTH = 300
# Slugs of the catalogue are shorter; a feature that it doesn't have is kept under the service's name, truncated.
FEATURE_LENGTH = 40
# The feature of jobs of several steps.
WORKFLOW = "workflow"


class UsageRecordQuerySet(models.QuerySet["UsageRecord"]):
    def of_connection(self, connection: Connection) -> "UsageRecordQuerySet":
        return self.filter(connection=connection)

    def counted(self) -> "UsageRecordQuerySet":
        """Return the rows that the service still lists."""
        return self.filter(withdrawn_at=None)


class Match(models.TextChoices):
    """The relation of a charge to the jobs of this site."""

    MATCHED = "matched", _("Matched")
    DOUBTFUL = "doubtful", _("Doubtful")
    FOREIGN = "foreign", _("Not from here")


class UsageRecord(TeamOwned):
    """One charge. The API's rows have no id, and two can be equal in every field; `occurrence` numbers equal rows.

    `job_uuid` is the job that caused the charge; empty for charges that nobody here caused. `created_by` is the person
    who submitted it. A job of several steps may own several rows.
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
    match = models.CharField(max_length=16, choices=Match.choices, default=Match.FOREIGN)
    # Somebody has said which job it is, or that it is none: no later matching changes it.
    is_corrected = models.BooleanField(default=False)
    # The slug of the job's feature or of the one that the service names, "workflow", or the service's own name.
    feature = models.CharField(max_length=FEATURE_LENGTH, blank=True)
    created_at = models.DateTimeField()
    # What the service's clock showed, which says nothing of its zone. Stored as if the zone was UTC.
    service_time = models.DateTimeField()
    # The time `created_at` in the team's zone. Roll-ups count by it.
    day = models.DateField()
    hour = models.PositiveSmallIntegerField()
    occurrence = models.PositiveIntegerField(default=1)
    # The place in the history, counted from the oldest row, 1. Empty for rows that the service doesn't list, and for
    # those of before places were stored until they have been read again.
    place = models.PositiveBigIntegerField(null=True, blank=True)
    # When the service was first seen not to list the row any more, though it lists older ones. It counts no longer.
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    # Not stored: the job, if whoever looks at the row may see it (see `record_search.add_shown_jobs`).
    shown_job: Any = None

    objects = UsageRecordQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["team", "-created_at", "-id", "private_to"], name="usage_newest_first"),
            models.Index(fields=["team", "created_by", "-created_at", "-id", "private_to"], name="usage_by_person"),
            models.Index(fields=["team", "feature", "-created_at", "-id", "private_to"], name="usage_by_feature"),
            models.Index(fields=["team", "-points", "-id", "private_to"], name="usage_by_points"),
            # Few rows, and asked for by their person only.
            models.Index(
                fields=["private_to", "-created_at", "-id"],
                name="usage_private",
                condition=models.Q(private_to__isnull=False),
            ),
            models.Index(
                fields=["private_to", "-points", "-id"],
                name="usage_private_by_points",
                condition=models.Q(private_to__isnull=False),
            ),
            models.Index(fields=["connection", "-created_at"], name="usage_of_connection"),
            models.Index(fields=["connection", "-service_time"], name="usage_by_service_time"),
            models.Index(fields=["connection", "place"], name="usage_by_place"),
            models.Index(fields=["team", "day"], name="usage_by_day"),
            models.Index(fields=["team", "match", "-created_at", "-id"], name="usage_by_match"),
            models.Index(fields=["job_uuid"], name="usage_of_job", condition=models.Q(job_uuid__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(
                name="usage_row_once",
                fields=[
                    "connection",
                    "service_time",
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


class WalkScope(models.TextChoices):
    """The part that a walk through a history compares: from which place to the newest row."""

    WHOLE = "whole", "Whole"
    RECENT = "recent", "Recent"
    NEW = "new", "New"


class HistorySync(LeasedModel):
    """The part of a connection's history that is stored, the error of its last reading, and when the next one is due.

    Places are counted from the oldest row that was ever listed, 1. A walk reads the pages from the oldest row to the
    newest, over several turns of a worker (`history_walks.py`).
    """

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="history_sync")
    synced_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    # Turns in a row that ended with an error.
    failures = models.PositiveSmallIntegerField(default=0)
    # The number of rows, counted from the oldest, that are stored without a gap.
    complete_rows = models.PositiveBigIntegerField(default=0)
    # The number of rows that the service last said it has.
    total_rows = models.PositiveBigIntegerField(default=0)
    # Of the complete rows, those that are older than the oldest that the service still lists.
    pruned_rows = models.PositiveBigIntegerField(default=0)
    # When the newest weeks, and the whole history, were last compared with the service's.
    recent_compared_at = models.DateTimeField(null=True, blank=True)
    whole_compared_at = models.DateTimeField(null=True, blank=True)
    # The walk that is under way; empty without one.
    walk_scope = models.CharField(max_length=8, choices=WalkScope.choices, blank=True)
    # The last place before the walk, the last one that it has stored, and the last one of which it is known that no
    # rows went while it was read.
    walk_start = models.PositiveBigIntegerField(default=0)
    walk_place = models.PositiveBigIntegerField(default=0)
    walk_checked = models.PositiveBigIntegerField(default=0)
    # The key of the last row that has been matched with jobs, or found to be from elsewhere, once at least.
    matched_up_to = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"history of {self.connection_id}"

    @property
    def is_complete(self) -> bool:
        """True if all rows are stored that the service had when it was last asked."""
        return self.complete_rows == self.pruned_rows + self.total_rows


class UsageRebuild(models.Model):
    """The recomputation of a team's local times and sums, which is under way in batches. It is deleted at the end."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE, related_name="usage_rebuild")
    # The id of the last record that has been recomputed.
    last_record = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"rebuild of the usage of {self.team_id}"


class UsageSum(models.Model):
    """The charges of a period that have everything but their time in common, summed up. Computed from the records."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    # As of the records: what is private to a person is summed up apart.
    private_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    connection = models.ForeignKey(Connection, null=True, on_delete=models.SET_NULL, related_name="+")
    connection_name = models.CharField(max_length=80)
    feature = models.CharField(max_length=FEATURE_LENGTH, blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    # Charges that nobody here caused.
    is_foreign = models.BooleanField(default=False)
    credits = models.DecimalField(max_digits=REPORTED_DIGITS, decimal_places=CREDIT_DECIMALS)
    rows = models.PositiveIntegerField()
    # Different jobs of this site.
    jobs = models.PositiveIntegerField()

    class Meta:
        abstract = True


class UsageDay(UsageSum):
    """Sums of a day in the team's zone."""

    day = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["team", "day"], name="usage_days")]

    def __str__(self) -> str:
        return f"{self.credits} on {self.day}"


class UsageMonth(UsageSum):
    """Sums of a month in the team's zone."""

    # The first day of the month.
    month = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["team", "month"], name="usage_months")]

    def __str__(self) -> str:
        return f"{self.credits} in {self.month:%Y-%m}"


class Dimension(models.TextChoices):
    """A property by which sums are divided."""

    FEATURE = "feature", _("By tool")
    PERSON = "person", _("By person")
    CONNECTION = "connection", _("By connection")


class UsagePart(UsageSum):
    """The sums above added up by one dimension: what a page without filters shows, in a fraction of the rows.

    The fields of the other dimensions are empty. Charges that nobody here caused are one sum for all features and
    people.
    """

    dimension = models.CharField(max_length=16, choices=Dimension.choices)

    class Meta:
        abstract = True


class UsageDayPart(UsagePart):
    """Parts of a day."""

    day = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["team", "dimension", "day"], name="usage_day_parts")]

    def __str__(self) -> str:
        return f"{self.credits} on {self.day} {self.get_dimension_display()}"


class UsageMonthPart(UsagePart):
    """Parts of a month."""

    # The first day of the month.
    month = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["team", "dimension", "month"], name="usage_month_parts")]

    def __str__(self) -> str:
        return f"{self.credits} in {self.month:%Y-%m} {self.get_dimension_display()}"


class UsageHour(models.Model):
    """Sums of an hour of a day in the team's zone."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    private_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    day = models.DateField()
    hour = models.PositiveSmallIntegerField()
    credits = models.DecimalField(max_digits=REPORTED_DIGITS, decimal_places=CREDIT_DECIMALS)
    rows = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["team", "day", "hour"], name="usage_hours")]

    def __str__(self) -> str:
        return f"{self.credits} on {self.day} at {self.hour}"
