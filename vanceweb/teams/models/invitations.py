"""An invitation to a team: a link that works once."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from vanceweb.lib.leases import LeasedModel
from vanceweb.teams.models.people import Role, Team


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def pending(self) -> "InvitationQuerySet":
        """Return the invitations that were neither accepted nor revoked, and whose time isn't up."""
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=timezone.now())


class Invitation(LeasedModel):
    """A place in a team, offered to whoever has its link. The database keeps only the link's hash.

    One with an address is sent by mail. The columns of the lease are about that: it is due at `not_before`, and never
    while that is empty.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=16, choices=Role.choices)
    # Empty for a link that its maker passes on.
    email = models.EmailField(blank=True)
    # The SHA-256 of the secret in the link; empty until the mail with it is written.
    digest = models.CharField(max_length=64, null=True, blank=True, unique=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True, blank=True)
    # A sentence for people, set when the mail couldn't be sent.
    problem = models.TextField(blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(
                fields=["team", "expires_at"],
                name="teams_open_invitations",
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.email or f"a link for the role {self.role}"

    @property
    def is_by_mail(self) -> bool:
        """True for an invitation that is sent to an address; only its mail has the link."""
        return bool(self.email)
