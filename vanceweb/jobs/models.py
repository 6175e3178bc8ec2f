"""A Job: one picture on its way through one feature at one service."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from vanceweb.catalogue.feature import Feature
from vanceweb.catalogue.features import get_feature_by_slug
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.steps import ControlImage, Step
from vanceweb.gallery.models import Asset
from vanceweb.lib.leases import LeasedModel
from vanceweb.vault.models import CREDIT_DECIMALS, CREDIT_DIGITS, Connection


class JobQuerySet(models.QuerySet["Job"]):
    def moving(self) -> "JobQuerySet":
        """Not ended yet."""
        return self.filter(state__in=Job.MOVING)

    def with_pictures(self) -> "JobQuerySet":
        """With what a list or page of jobs shows, in the same query."""
        return self.select_related("source", "result")


class Job(LeasedModel):
    """The row is the truth about a job; the queue only wakes a worker up that looks at it."""

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        UPLOADING = "uploading", "Uploading"
        PROCESSING = "processing", "Processing"
        DOWNLOADING = "downloading", "Downloading"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    MOVING = (State.QUEUED, State.UPLOADING, State.PROCESSING, State.DOWNLOADING)
    ENDED = (State.DONE, State.FAILED, State.CANCELLED)

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="jobs")
    connection = models.ForeignKey(Connection, null=True, on_delete=models.SET_NULL, related_name="jobs")
    # What to call the connection once it was removed.
    connection_name = models.CharField(max_length=80)
    source = models.ForeignKey(Asset, null=True, on_delete=models.SET_NULL, related_name="jobs_from")
    source_name = models.CharField(max_length=200)
    result = models.OneToOneField(Asset, null=True, on_delete=models.SET_NULL, related_name="job_of")
    # The result's public id, chosen before its file is written: every attempt writes the same file.
    result_uuid = models.UUIDField(default=uuid4, editable=False)

    feature = models.CharField(max_length=40)
    params = models.JSONField(default=dict)
    control_images = models.JSONField(default=list)
    output = models.JSONField(default=dict)
    credits = models.DecimalField(max_digits=CREDIT_DIGITS, decimal_places=CREDIT_DECIMALS)

    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    # Where an ended job goes on when it is retried without starting over; empty: from the beginning.
    resume_state = models.CharField(max_length=16, choices=State.choices, blank=True)
    percent = models.FloatField(null=True, blank=True)
    # What the service says made the picture, and what else it has to say about the result.
    backend = models.TextField(blank=True)
    note = models.TextField(blank=True)
    uid = models.CharField(max_length=64, blank=True)
    trans_id = models.CharField(max_length=64, blank=True)
    # Set before each transform is sent: with it and without a trans_id, an answer was lost.
    transform_sent_at = models.DateTimeField(null=True, blank=True)
    transforms_sent = models.PositiveSmallIntegerField(default=0)
    # Failures in a row that may pass by themselves.
    setbacks = models.PositiveSmallIntegerField(default=0)
    error_code = models.IntegerField(null=True, blank=True)
    error = models.TextField(blank=True)
    # The job is ended here and its service is still to be told.
    cancel_requested = models.BooleanField(default=False)
    # When the queue was last told of this row: the sweeper tells it again, but not at every tick.
    woken_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    submitted_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"], name="jobs_newest_first"),
            models.Index(fields=["state", "not_before"], name="jobs_due"),
            models.Index(fields=["connection", "finished_at"], name="jobs_finished"),
            # Looked through every few seconds, and nearly always empty.
            models.Index(fields=["woken_at"], name="jobs_to_call_back", condition=Q(cancel_requested=True)),
        ]

    def __str__(self) -> str:
        return f"{self.feature} of {self.source_name}"

    @property
    def feature_info(self) -> Feature:
        """The catalogue's entry. Raises LookupError for a feature that the catalogue no longer has."""
        return get_feature_by_slug(self.feature)

    @property
    def is_moving(self) -> bool:
        return self.state in self.MOVING

    @property
    def has_ended(self) -> bool:
        return self.state in self.ENDED

    @property
    def can_retry(self) -> bool:
        """Failed or cancelled, and its picture and connection are still there."""
        ended_early = self.state in (self.State.FAILED, self.State.CANCELLED)
        return ended_early and self.connection_id is not None and self.source_id is not None

    @property
    def phase_title(self) -> str:
        """The state in a word or two."""
        if self.state == self.State.PROCESSING and not self.trans_id:
            return "Starting"
        return self.State(self.state).label

    @property
    def elapsed(self) -> timedelta:
        """Time from the last submission or retry to the end, or to now."""
        return max(timedelta(), (self.finished_at or timezone.now()) - self.submitted_at)

    @property
    def step(self) -> Step:
        """What is to be done, as the catalogue writes it."""
        guides = tuple(ControlImage(image_uid, cn_name) for image_uid, cn_name in self.control_images)
        return Step(self.feature_info.module, self.params, guides)

    @property
    def output_settings(self) -> Output:
        """How the result's file is to be written."""
        given: dict[str, Any] = dict(self.output)
        if given.get("background") is not None:
            given["background"] = tuple(given["background"])
        return Output(**given)
