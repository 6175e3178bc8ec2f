"""The models of the bundled engine: accounts and their ledger, uploads, transforms and webhook deliveries."""

import secrets
from decimal import Decimal
from typing import Any, ClassVar, NoReturn

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone

from vanceweb.lib.leases import LeasedModel

# Credits have three decimals, as in the API.
CREDIT_DIGITS = 14
CREDIT_DECIMALS = 3
ID_LENGTH = 32
# Enough for a UUID or a hash.
QUEUE_KEY_LENGTH = 64


def new_id() -> str:
    """Return a random id in the API's format: 32 lower-case hex characters."""
    return secrets.token_hex(ID_LENGTH // 2)


class Account(models.Model):
    """An account with one token for the engine. Only the token's keyed hash is stored, not the token."""

    name = models.CharField(max_length=150)
    token_prefix = models.CharField(max_length=12, db_index=True)
    token_digest = models.CharField(max_length=64, unique=True)
    granted = models.DecimalField(max_digits=CREDIT_DIGITS, decimal_places=CREDIT_DECIMALS, default=Decimal(0))
    used = models.DecimalField(max_digits=CREDIT_DIGITS, decimal_places=CREDIT_DECIMALS, default=Decimal(0))
    # Charges in the ledger: the place of the newest one.
    charges = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    # To the minute.
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="engine_account_balance", condition=Q(used__gte=0) & Q(used__lte=F("granted"))),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.token_prefix}…)"

    @property
    def balance(self) -> Decimal:
        """The remaining credits."""
        return self.granted - self.used


class LedgerIsAppendOnly(Exception):
    """Code tried to change or delete an entry of the ledger."""


class LedgerEntryQuerySet(models.QuerySet["LedgerEntry"]):
    """A queryset that reads and appends; all other operations raise LedgerIsAppendOnly."""

    def charges(self) -> "LedgerEntryQuerySet":
        """Return the entries of the API's history, newest first."""
        return self.filter(kind=LedgerEntry.Kind.DOWNLOAD).order_by("-place")

    def update(self, **kwargs: Any) -> NoReturn:
        raise LedgerIsAppendOnly

    def delete(self) -> NoReturn:
        raise LedgerIsAppendOnly

    def bulk_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        # Its options can overwrite existing rows.
        raise LedgerIsAppendOnly

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise LedgerIsAppendOnly


class LedgerEntry(models.Model):
    """A grant or charge of credits. Entries are written by `ledger.py` and never changed.

    An entry stores its transform's id instead of a foreign key, because transforms are removed after a day.
    """

    class Kind(models.TextChoices):
        GRANT = "grant"
        DOWNLOAD = "download"

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    trans_id = models.CharField(max_length=ID_LENGTH, blank=True)
    job = models.CharField(max_length=64, blank=True)
    info = models.CharField(max_length=300, blank=True)
    points = models.DecimalField(max_digits=CREDIT_DIGITS, decimal_places=CREDIT_DECIMALS)
    balance = models.DecimalField(max_digits=CREDIT_DIGITS, decimal_places=CREDIT_DECIMALS)
    # Of a charge: its number among those of the account, from 1. A page of the history is a range of places, so that
    # the last of ten thousand pages takes no longer than the first.
    place = models.PositiveBigIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = LedgerEntryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="engine_ledger_place", fields=["account", "place"], condition=Q(place__isnull=False)
            ),
            models.UniqueConstraint(name="engine_ledger_one_charge", fields=["trans_id"], condition=Q(kind="download")),
            models.CheckConstraint(name="engine_ledger_balance", condition=Q(balance__gte=0)),
            models.CheckConstraint(name="engine_ledger_points", condition=Q(points__gt=0)),
            models.CheckConstraint(
                name="engine_ledger_transform",
                condition=Q(kind="grant", trans_id="", place=None)
                | (Q(kind="download", place__isnull=False) & ~Q(trans_id="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.points}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise LedgerIsAppendOnly
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise LedgerIsAppendOnly


class Upload(models.Model):
    """An uploaded picture. Its file is in the storage `engine`, under `file_name`."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="uploads")
    uid = models.CharField(max_length=ID_LENGTH, unique=True, default=new_id)
    name = models.CharField(max_length=255)
    format = models.CharField(max_length=8)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    filesize = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return self.uid

    @property
    def file_name(self) -> str:
        """The file's path in the storage."""
        return f"uploads/{self.uid[:2]}/{self.uid}"


class TransformQuerySet(models.QuerySet["Transform"]):
    def unfinished(self) -> "TransformQuerySet":
        """Return the queued and running transforms."""
        return self.filter(state__in=Transform.UNFINISHED)

    def order_by_turn(self) -> "TransformQuerySet":
        """Order the transforms so that the people of all accounts take turns.

        First comes the person whose last transform began the longest ago, or who has begun none; their oldest transform
        goes first. A transform that was interrupted counts as if it hadn't begun.
        """
        others = Transform.objects.filter(
            account=OuterRef("account"), queue_key=OuterRef("queue_key"), started_at__isnull=False
        )
        last_start = others.exclude(pk=OuterRef("pk")).order_by("-started_at").values("started_at")[:1]
        return self.order_by(Subquery(last_start).asc(nulls_first=True), "pk")


class Transform(LeasedModel):
    """A job: a picture, the steps to run on it, the progress and the result."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        FINISHED = "finished"
        FAILED = "failed"
        CANCELLED = "cancelled"

    UNFINISHED = (State.QUEUED, State.RUNNING)
    # The API's name for each state. For the API, a cancelled job is a failed one with a message that says so.
    STATUSES: ClassVar[dict[str, str]] = {
        State.QUEUED: "waiting",
        State.RUNNING: "process",
        State.FINISHED: "finish",
        State.FAILED: "fatal",
        State.CANCELLED: "fatal",
    }

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="transforms")
    # The webhook needs the uid even if the upload was removed before the result.
    upload = models.ForeignKey(Upload, null=True, on_delete=models.SET_NULL, related_name="transforms")
    uid = models.CharField(max_length=ID_LENGTH)
    trans_id = models.CharField(max_length=ID_LENGTH, unique=True, default=new_id)
    jconfig = models.TextField()
    job = models.CharField(max_length=64)
    cost = models.DecimalField(max_digits=CREDIT_DIGITS, decimal_places=CREDIT_DECIMALS)
    webhook = models.TextField(blank=True)
    # Names the person for whom an account submitted the transform. Those of one account take turns.
    queue_key = models.CharField(max_length=QUEUE_KEY_LENGTH, blank=True)

    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    percent = models.FloatField(default=0)
    cancel_requested = models.BooleanField(default=False)
    message = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True, db_index=True)

    result_attempt = models.PositiveSmallIntegerField(null=True)
    result_name = models.CharField(max_length=300, blank=True)
    format = models.CharField(max_length=8, blank=True)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    filesize = models.PositiveBigIntegerField(null=True)
    backend = models.TextField(blank=True)

    objects = TransformQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["state", "not_before"], name="engine_transform_due"),
            models.Index(fields=["account", "queue_key", "started_at"], name="engine_transform_turns"),
        ]

    def __str__(self) -> str:
        return self.trans_id

    @property
    def status(self) -> str:
        """The state's name in the API."""
        return self.STATUSES[self.state]

    def get_result_path(self, attempt: int) -> str:
        """Return the storage path of this attempt's result.

        Each attempt has its own path, so that a worker that lost its lease never overwrites another worker's result,
        and its leftover files can be found by name.
        """
        return f"results/{self.trans_id[:2]}/{self.trans_id}-{attempt}"


class WebhookDelivery(LeasedModel):
    """The message to a webhook that its transform has ended."""

    class State(models.TextChoices):
        WAITING = "waiting"
        SENDING = "sending"
        DELIVERED = "delivered"
        FAILED = "failed"

    UNFINISHED = (State.WAITING, State.SENDING)

    transform = models.OneToOneField(Transform, on_delete=models.CASCADE, related_name="delivery")
    url = models.TextField()
    payload = models.JSONField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "webhook deliveries"

    def __str__(self) -> str:
        return f"delivery for {self.transform_id}"
