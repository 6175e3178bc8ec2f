"""A Connection: one token for one service that implements the API."""

from decimal import Decimal
from uuid import uuid4

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vanceweb.lib.encryption import EncryptedTextField
from vanceweb.lib.leases import LeasedModel
from vanceweb.teams.models import Membership, Role
from vanceweb.teams.models.keeping import TeamKept
from vanceweb.teams.models.people import TIME_ZONE_LENGTH

# Credits are stored with three decimals, as in the API.
CREDIT_DIGITS = 14
CREDIT_DECIMALS = 3
# For what services report. More than the client lets through: SQLite takes any number, but a row with more digits than
# its column can't be read again.
REPORTED_DIGITS = 20
SPENDERS = {
    Role.MEMBER: _("Every member"),
    Role.ADMIN: _("Admins and owners"),
    Role.OWNER: _("Owners"),
}


class ConnectionQuerySet(models.QuerySet["Connection"]):
    def bundled(self) -> "ConnectionQuerySet":
        """Return the connections to the engine of this installation."""
        return self.filter(service=Connection.Service.BUNDLED)

    def without_token(self) -> "ConnectionQuerySet":
        """Leave the token in the database until it is accessed: pages that show connections don't need it."""
        return self.defer("token")

    def fetch_people(self) -> "ConnectionQuerySet":
        """Fetch the keeper and the people named as spenders. `has_keeper` says whether the keeper is in the team."""
        membership = Membership.objects.filter(team=OuterRef("team"), user=OuterRef("keeper"))
        rows = self.select_related("keeper", "created_by").prefetch_related("spenders")
        return rows.annotate(has_keeper=Exists(membership))


class Connection(TeamKept, LeasedModel):
    """A token for a service, private to the user who stored it until they share it with the team.

    Whoever added it keeps it until they hand it over; nobody keeps the bundled engine's. The token is encrypted, and
    only its last four characters are ever shown again. The columns of the lease are about the check of the token and
    the balance: it is due at `not_before`, and never while that is empty.
    """

    class Service(models.TextChoices):
        BUNDLED = "bundled", _("Bundled engine")
        HOSTED = "hosted", _("VanceAI, hosted")
        OTHER = "other", _("Another service")

    class CheckState(models.TextChoices):
        CHECKING = "checking", _("Being tried")
        OK = "ok", _("Works")
        FAILED = "failed", _("Does not work")

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    name = models.CharField(max_length=80)
    service = models.CharField(max_length=16, choices=Service.choices)
    # Empty for the bundled engine, which is called in process.
    base_url = models.URLField(max_length=300, blank=True)
    # Whoever added it was allowed to name services on the installation's own network.
    may_be_private = models.BooleanField(default=False)
    token = EncryptedTextField()
    token_last4 = models.CharField(max_length=4, blank=True)
    granted = models.DecimalField(max_digits=REPORTED_DIGITS, decimal_places=CREDIT_DECIMALS, null=True, blank=True)
    used = models.DecimalField(max_digits=REPORTED_DIGITS, decimal_places=CREDIT_DECIMALS, null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    check_state = models.CharField(max_length=16, choices=CheckState.choices, default=CheckState.CHECKING)
    last_error = models.TextField(blank=True)
    # When the service refused this token; empty for one that it accepts or that wasn't checked yet.
    rejected_at = models.DateTimeField(null=True, blank=True)
    # When the service's history last changed, as far as this site knows; empty once a reading has been requested.
    history_changed_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    # The API's history gives times without a zone: the IANA name of the service's.
    time_zone = models.CharField(max_length=TIME_ZONE_LENGTH, default="UTC")
    # The day of the month on which the service grants credits anew, as its keeper knows it.
    billing_day = models.PositiveSmallIntegerField(null=True, blank=True)
    # Charges up to this time stay private to the person who shared the connection without its past.
    private_past_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [
            models.Index(fields=["team", "created_at", "id", "private_to"], name="vault_oldest_first"),
            # Queried every second, and almost always empty.
            models.Index(
                fields=["history_changed_at"],
                name="vault_history_changed",
                condition=Q(history_changed_at__isnull=False),
            ),
            # Queried every second and by every page, and almost always empty.
            models.Index(fields=["keeper"], name="vault_rejected", condition=Q(rejected_at__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(
                name="vault_shared_connection_name", fields=["team", "name"], condition=Q(private_to=None)
            ),
            models.UniqueConstraint(name="vault_private_connection_name", fields=["team", "private_to", "name"]),
            models.CheckConstraint(
                name="vault_connection_base_url", condition=Q(service="bundled", base_url="") | ~Q(base_url="")
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<Connection {self.pk} {self.service}>"

    @property
    def is_bundled(self) -> bool:
        return self.service == self.Service.BUNDLED

    @property
    def needs_keeper(self) -> bool:
        """True for a shared connection whose keeper was deleted or has left. Fetch it with `fetch_people`."""
        # The type checker knows no attributes of a model that only some of its queries set.
        return not (self.is_private or self.is_bundled or getattr(self, "has_keeper", False))

    @property
    def is_broken(self) -> bool:
        """True if the last check failed. Jobs aren't started on it until a check succeeds."""
        return self.check_state == self.CheckState.FAILED

    @property
    def is_rejected(self) -> bool:
        """True if the service refused the token. Its jobs are held until the token is replaced."""
        return self.rejected_at is not None

    @property
    def is_unanswered(self) -> bool:
        """True if the token worked, but the service didn't answer the last check. Jobs on it may have to wait."""
        return self.check_state == self.CheckState.OK and bool(self.last_error)

    @property
    def broken_sentence(self) -> str:
        """A sentence for whoever wants to use a broken connection: that it doesn't work, and why."""
        text = _("%(name)s doesn't work. %(reason)s")
        return (text % {"name": self.name, "reason": self.last_error}).strip()

    @property
    def no_spending_sentence(self) -> str:
        """A sentence for whoever may see the connection but not spend on it."""
        return _("You may not spend on %(name)s. Its keeper or an admin of the team can change that.") % {
            "name": self.name
        }

    @property
    def spenders_title(self) -> str:
        """Who may spend on it, besides its keeper: "Every member", or names. One query for names not fetched before."""
        if self.spend_role:
            return str(SPENDERS[Role(self.spend_role)])
        return ", ".join(sorted(person.get_username() for person in self.spenders.all()))

    @property
    def balance(self) -> Decimal | None:
        """Credits left at the last check; None before the service first answered."""
        return None if self.granted is None or self.used is None else self.granted - self.used
