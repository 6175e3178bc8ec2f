"""The API's own rows: answers to repeat, pictures to fetch, webhooks and their deliveries."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vanceweb.lib.encryption import EncryptedTextField
from vanceweb.lib.leases import LeasedModel
from vanceweb.teams.models import Membership, Team, TeamOwned, User

KEY_LENGTH = 200
URL_LENGTH = 2000
WEBHOOK_NAME_LENGTH = 80


class RepeatableAnswer(models.Model):
    """The answer to a request with an `Idempotency-Key`, which its repetitions get instead of doing it all again."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=KEY_LENGTH)
    # SHA-256 of the request's parameters: a repetition must have the same.
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(blank=True)
    location = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="api_one_answer_per_key", fields=["team", "user", "key"])]

    def __str__(self) -> str:
        return f"answer to {self.key}"


class PictureFetch(TeamOwned, LeasedModel):
    """A picture that the io worker fetches from a URL. Once it is stored, its Asset has the same id and this row goes.

    A row that failed has no due time, and is kept for a day so that the program learns why.
    """

    class State(models.TextChoices):
        FETCHING = "fetching", _("Being fetched")
        FAILED = "failed", _("Failed")

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    # Empty after the end: the URL may contain a secret.
    url = models.TextField(blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.FETCHING)
    error_code = models.CharField(max_length=40, blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"fetch {self.uuid}"

    @property
    def has_failed(self) -> bool:
        return self.state == self.State.FAILED


class WebhookEvent(models.TextChoices):
    """The ends of jobs that a webhook may tell of."""

    JOB_DONE = "job.done", _("A job is done")
    JOB_FAILED = "job.failed", _("A job failed")
    JOB_CANCELLED = "job.cancelled", _("A job was cancelled")


def _has_maker() -> Exists:
    makers = Membership.objects.filter(team=OuterRef("team"), user=OuterRef("created_by"), user__is_active=True)
    return Exists(makers)


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def fetch_makers(self) -> "WebhookQuerySet":
        """Fetch who added each. `maker_has_left` tells of each whether they are out of the team or deactivated."""
        return self.select_related("created_by").annotate(maker_has_left=~_has_maker())

    def filter_left(self) -> "WebhookQuerySet":
        """Return those whose maker is out of the team or deactivated."""
        return self.filter(~_has_maker())

    def filter_maker(self, team: Team, user: User) -> "WebhookQuerySet":
        """Return those that the person added to the team."""
        return self.filter(team=team, created_by=user, private_to=None)


class Webhook(TeamOwned):
    """An address that is told when the team's jobs end. Private jobs are never told of.

    It is the team's and outlives the membership of who added it: other programs rely on it. The page of webhooks then
    asks for somebody else who takes it over.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    name = models.CharField(max_length=WEBHOOK_NAME_LENGTH)
    url = models.TextField()
    # Whoever gave the URL was allowed to name addresses on the installation's own network.
    may_be_private = models.BooleanField(default=False)
    # Signs the deliveries. Shown once, when the webhook is made.
    secret = EncryptedTextField()
    # Values of WebhookEvent.
    events = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    # The ends of jobs before this time have been looked at, apart from those that were saved late.
    looked_until = models.DateTimeField(default=timezone.now)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def event_labels(self) -> list[str]:
        """The events for people, in their order."""
        return [str(event.label) for event in WebhookEvent if event.value in self.events]


class WebhookDelivery(LeasedModel):
    """One event for one webhook, with the attempts at telling it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Being sent")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")
        # The job became private before it was told of.
        DROPPED = "dropped", _("Not sent")

    UNFINISHED = (State.WAITING, State.SENDING)

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=32, choices=WebhookEvent.choices)
    # The job's id and the time of its end: a job that is retried ends again.
    job_uuid = models.UUIDField()
    ended_at = models.DateTimeField()
    # The JSON, so that every attempt sends the same bytes.
    body = models.TextField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    # Of the last attempt: the HTTP status, 0 without an answer, and the reason of a failure as a sentence.
    status = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    attempted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["webhook", "-created_at", "-id"], name="api_deliveries_newest_first"),
            models.Index(fields=["state", "not_before"], name="api_deliveries_due"),
        ]
        constraints = [
            models.UniqueConstraint(
                name="api_one_delivery_per_end", fields=["webhook", "job_uuid", "event", "ended_at"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.event} for {self.webhook_id}"

    @property
    def has_ended(self) -> bool:
        return self.state not in self.UNFINISHED

    @property
    def can_be_sent_again(self) -> bool:
        return self.state in (self.State.DELIVERED, self.State.FAILED)
