"""The Job model: one picture processed by one service, in one or more steps; and what the site knows of services."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vanceweb.catalogue.feature import Feature
from vanceweb.catalogue.features import get_feature_by_module
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.step_serialisation import parse_steps
from vanceweb.catalogue.steps import Step
from vanceweb.gallery.models import Asset, Origin
from vanceweb.lib.leases import LeasedModel
from vanceweb.teams.models import TeamOwned
from vanceweb.vault.models import CREDIT_DECIMALS, CREDIT_DIGITS, Connection

# The service's code for a download that it refused, and didn't charge, since too few credits are left.
INSUFFICIENT_CREDITS = 30004


class JobQuerySet(models.QuerySet["Job"]):
    def with_pictures(self) -> "JobQuerySet":
        """Fetch the pictures and the person that lists and pages of jobs show in the same query."""
        return self.select_related("source__blob", "result__blob", "created_by")

    def fetch_names(self, *fields: str) -> "JobQuerySet":
        """Fetch what tells the name of a job's picture and who may know it, and these fields, and nothing else."""
        owners = ("team", "created_by", "private_to")
        pictures = [f"{picture}__{name}" for picture in ("source", "result") for name in owners]
        own = ("uuid", "source_name", "source_uuid", *owners, *fields)
        return self.select_related("source", "result").only(*own, *pictures)

    def with_connection(self) -> "JobQuerySet":
        """Fetch the connection in the same query, without its token, which pages don't need."""
        return self.select_related("connection").defer("connection__token")


class Job(TeamOwned, LeasedModel):
    """A job. Its row is authoritative; the queue only wakes workers."""

    class State(models.TextChoices):
        QUEUED = "queued", gettext_lazy("Queued")
        UPLOADING = "uploading", gettext_lazy("Uploading")
        PROCESSING = "processing", gettext_lazy("Processing")
        DOWNLOADING = "downloading", gettext_lazy("Downloading")
        DONE = "done", gettext_lazy("Done")
        FAILED = "failed", gettext_lazy("Failed")
        CANCELLED = "cancelled", gettext_lazy("Cancelled")
        # Neither active nor ended: no worker takes the job until it is released. It can be cancelled.
        HELD = "held", gettext_lazy("Held")

    class FailureKind(models.TextChoices):
        """Who or what can help after a failure, see `jobs/remedies.py`."""

        # The service or this site was out of order, or lost something: another attempt may succeed.
        OUTAGE = "outage"
        TOKEN = "token"  # noqa: S105
        CREDITS = "credits"
        # Nothing that speaks the API is at the connection's address.
        ADDRESS = "address"
        PICTURE = "picture"
        SETTINGS = "settings"

    class HoldCause(models.TextChoices):
        """The cause of a hold after which the site releases the job by itself."""

        # The connection's service refuses the token.
        TOKEN = "token"  # noqa: S105
        # The job would exceed a budget.
        BUDGET = "budget"
        # The connection has too few credits left.
        CREDITS = "credits"

    ACTIVE = (State.QUEUED, State.UPLOADING, State.PROCESSING, State.DOWNLOADING)
    ENDED = (State.DONE, State.FAILED, State.CANCELLED)
    # The service has the job, or is about to get it.
    IN_PLACE = (State.UPLOADING, State.PROCESSING)

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    connection = models.ForeignKey(Connection, null=True, on_delete=models.SET_NULL, related_name="jobs")
    # Shown after the connection was removed, but only to the person who submitted the job: it may have been private.
    connection_name = models.CharField(max_length=80)
    source = models.ForeignKey(Asset, null=True, on_delete=models.SET_NULL, related_name="jobs_from")
    source_name = models.CharField(max_length=200)
    # The ids of the source and of the first picture that it comes from. They outlive the pictures.
    source_uuid = models.UUIDField(null=True, blank=True, editable=False)
    root_uuid = models.UUIDField(null=True, blank=True, editable=False)
    result = models.OneToOneField(Asset, null=True, on_delete=models.SET_NULL, related_name="job_of")
    # The result's public id, chosen in advance so that every attempt writes to the same folder.
    result_uuid = models.UUIDField(default=uuid4, editable=False)

    # The JSON form of the steps, see `vanceweb.catalogue.step_serialisation`.
    steps = models.JSONField()
    # The slug of the last step's feature, which decides what the result is. Lists filter by it.
    feature = models.CharField(max_length=40)
    output = models.JSONField(default=dict)
    credits = models.DecimalField(max_digits=CREDIT_DIGITS, decimal_places=CREDIT_DECIMALS)

    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    # The state from which a retry continues, or a held job once it is released; empty: the retry starts over.
    resume_state = models.CharField(max_length=16, choices=State.choices, blank=True)
    # A sentence for people, set while the job is held.
    held_reason = models.TextField(blank=True)
    held_for = models.CharField(max_length=16, choices=HoldCause.choices, blank=True)
    held_at = models.DateTimeField(null=True, blank=True)
    # The person chose that the job is held while its connection has too few credits, and doesn't fail.
    waits_for_credits = models.BooleanField(default=False)
    percent = models.FloatField(null=True, blank=True)
    # The service's names for the backend that made the result and for the engine, and its note about the result.
    backend = models.TextField(blank=True)
    engine_version = models.TextField(blank=True)
    note = models.TextField(blank=True)
    uid = models.CharField(max_length=64, blank=True)
    # The service's uids of the pictures that guide the steps, by the reference in the steps. Cleared with `uid`.
    guide_uids = models.JSONField(default=dict, blank=True)
    trans_id = models.CharField(max_length=64, blank=True)
    # Set before each transform is sent. If set without a trans_id, the response was lost.
    transform_sent_at = models.DateTimeField(null=True, blank=True)
    transforms_sent = models.PositiveSmallIntegerField(default=0)
    # The number of consecutive transient errors.
    setbacks = models.PositiveSmallIntegerField(default=0)
    error_code = models.IntegerField(null=True, blank=True)
    error = models.TextField(blank=True)
    # Set when a job fails; empty for those that failed before there were kinds.
    failure_kind = models.CharField(max_length=16, choices=FailureKind.choices, blank=True)
    # The job has ended on this site, but its service hasn't been asked to cancel it yet.
    cancel_requested = models.BooleanField(default=False)
    # The seconds of work that the site expects, and the place in the person's queue that follows from them: the earlier
    # the sooner (`jobs/order.py`).
    expected_seconds = models.FloatField(default=0)
    queue_rank = models.DateTimeField(default=timezone.now)
    # When the service was first seen to work on the job, and for how long it worked.
    work_started_at = models.DateTimeField(null=True, blank=True)
    work_seconds = models.FloatField(null=True, blank=True)
    # The SHA-256 of the secret in the URL to which the service posts the end of the job; empty without such a URL.
    hook_digest = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    submitted_at = models.DateTimeField(default=timezone.now)
    # When a worker first took the job after it was submitted, retried or released.
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # When the result's download began, for which the service charges.
    downloaded_at = models.DateTimeField(null=True, blank=True)

    # Not stored: the place of a waiting job in its queue (see `queries.add_places`).
    place: Any = None

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["team", "-created_at", "-id", "private_to"], name="jobs_newest_first"),
            models.Index(fields=["team", "feature", "-created_at", "-id", "private_to"], name="jobs_by_feature"),
            models.Index(fields=["team", "created_by", "-created_at", "-id", "private_to"], name="jobs_by_person"),
            models.Index(fields=["state", "not_before"], name="jobs_due"),
            models.Index(fields=["connection", "finished_at"], name="jobs_finished"),
            models.Index(
                fields=["team", "-finished_at"], name="jobs_newest_ended", condition=Q(finished_at__isnull=False)
            ),
            models.Index(fields=["connection", "downloaded_at"], name="jobs_downloaded"),
            models.Index(fields=["connection", "state", "queue_rank"], name="jobs_next_to_start"),
            # Queried every few seconds and nearly always empty.
            models.Index(fields=["woken_at"], name="jobs_to_call_back", condition=Q(cancel_requested=True)),
            # Few rows: the turns that run now.
            models.Index(fields=["connection", "state"], name="jobs_leased", condition=Q(lease_until__isnull=False)),
            # Queried every second and nearly always empty.
            models.Index(fields=["connection"], name="jobs_held", condition=~Q(held_for="")),
            models.Index(fields=["hook_digest"], name="jobs_by_hook", condition=~Q(hook_digest="")),
        ]

    def __str__(self) -> str:
        return f"{self.feature} of {self.source_name}"

    @property
    def parsed_steps(self) -> tuple[Step, ...]:
        """The work of this job, as steps of the catalogue. Their guides are pictures of the gallery."""
        return parse_steps(self.steps)

    @property
    def step_features(self) -> tuple[Feature, ...]:
        """The feature of each step. Raises LookupError for a feature that the catalogue no longer has."""
        return tuple(get_feature_by_module(step.module) for step in self.parsed_steps)

    @property
    def title(self) -> str:
        """The titles of the steps' features, as in "Denoise → Enlarge"."""
        return " → ".join(str(feature.title) for feature in self.step_features)

    @property
    def is_workflow(self) -> bool:
        """True for a job of several steps."""
        return len(self.parsed_steps) > 1

    @property
    def origin(self) -> Origin:
        """The origin of this job's result."""
        return Origin(self.source_uuid, self.root_uuid, self.feature, self.backend, self.engine_version)

    @property
    def is_active(self) -> bool:
        return self.state in self.ACTIVE

    @property
    def is_being_polled(self) -> bool:
        """True while the service works on the job and the site only asks for its progress."""
        return self.state == self.State.PROCESSING and bool(self.trans_id)

    @property
    def is_parked(self) -> bool:
        """True while the job waits for its service: no worker takes it until a poll or an event makes it due."""
        return self.is_being_polled and self.not_before is None

    @property
    def has_started_transform(self) -> bool:
        """True while the service works on the job or keeps its result."""
        # A queued job may still have the transform of its last attempt, which is cancelled first.
        return self.state in (self.State.PROCESSING, self.State.DOWNLOADING) and bool(self.trans_id)

    @property
    def has_ended(self) -> bool:
        return self.state in self.ENDED

    @property
    def is_held(self) -> bool:
        return self.state == self.State.HELD

    @property
    def can_retry(self) -> bool:
        """True if the job failed or was cancelled, and its picture and connection still exist."""
        ended_early = self.state in (self.State.FAILED, self.State.CANCELLED)
        return ended_early and self.connection_id is not None and self.source_id is not None

    @property
    def may_be_charged(self) -> bool:
        """True if the job failed or was cancelled during the download of its result, for which services charge."""
        ended_early = self.state in (self.State.FAILED, self.State.CANCELLED)
        stopped_in_download = self.resume_state == self.State.DOWNLOADING
        return ended_early and stopped_in_download and self.error_code != INSUFFICIENT_CREDITS

    @property
    def phase_title(self) -> str:
        """The state in one or two words."""
        if self.is_waiting:
            return _("Waiting")
        if self.state == self.State.PROCESSING and not self.trans_id:
            return _("Starting")
        return str(self.State(self.state).label)

    @property
    def is_waiting(self) -> bool:
        """True until the service is seen to work on the job: it waits on this site or at its service."""
        return self.state == self.State.QUEUED or (self.is_being_polled and self.work_started_at is None)

    @property
    def shown_percent(self) -> float | None:
        """The percentage of the work; None while there is no work to tell of."""
        return self.percent if self.work_started_at is not None else None

    @property
    def elapsed(self) -> timedelta:
        """The time since the work began or, before it did, since the last submission or retry; until the end or now."""
        since = self.work_started_at or self.submitted_at
        return max(timedelta(), (self.finished_at or timezone.now()) - since)

    @property
    def took(self) -> timedelta | None:
        """The time for which the service worked on the job, without any waiting; None if it isn't known."""
        return None if self.work_seconds is None else timedelta(seconds=self.work_seconds)

    def build_upload_name(self, picture: Asset) -> str:
        """Return the file name sent to the service for the source or a guide.

        The service's history repeats the name, so it tells the job and not the picture.
        """
        return f"{self.uuid.hex}.{picture.format}"

    @property
    def output_settings(self) -> Output:
        """The settings of the result's file."""
        given: dict[str, Any] = dict(self.output)
        if given.get("background") is not None:
            given["background"] = tuple(given["background"])
        return Output(**given)


class ServicePoll(LeasedModel):
    """The polling of one connection: its due time is when the site next asks for the progress of its jobs there.

    Empty while the service works on none of them.
    """

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="poll")
    # Polls in a row that found nothing new. The pauses grow with them.
    unchanged = models.PositiveSmallIntegerField(default=0)
    # When the last poll began, and the number of polls so far.
    polled_at = models.DateTimeField(null=True, blank=True)
    rounds = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"polling of connection {self.connection_id}"


class RunTime(models.Model):
    """The time that a service takes for a feature, measured from its last runs."""

    # The base URL; empty for the bundled engine.
    service = models.CharField(max_length=300, blank=True)
    feature = models.CharField(max_length=40)
    seconds_per_megapixel = models.FloatField()
    runs = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(name="jobs_one_run_time", fields=["service", "feature"])]

    def __str__(self) -> str:
        return f"{self.feature}: {self.seconds_per_megapixel:.1f} s per megapixel"


class LastStart(models.Model):
    """The last start of a person's job at a connection. People take turns there."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    # The person's id; 0 for all jobs whose person was deleted. Not a key: turns outlive the person.
    person = models.PositiveBigIntegerField()
    started_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="jobs_one_last_start", fields=["connection", "person"])]

    def __str__(self) -> str:
        return f"last start of person {self.person} at connection {self.connection_id}"
