"""Users, teams, and which user has which role in which team."""

from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

TEAM_NAME_LENGTH = 80
TEAM_SLUG_LENGTH = 50
# The longest names of the IANA database have 32 characters.
TIME_ZONE_LENGTH = 64


class User(AbstractUser):
    """A person. The first one, created through the set-up link, administers the installation."""

    @property
    def is_administrator(self) -> bool:
        """True for administrators of the installation. That is a flag on the person and no role in a team."""
        return self.is_superuser


class Role(models.TextChoices):
    """The roles in a team, the weakest first. `vanceweb.teams.access` says what each may do."""

    VIEWER = "viewer", _("Viewer")
    MEMBER = "member", _("Member")
    ADMIN = "admin", _("Admin")
    OWNER = "owner", _("Owner")

    @property
    def rank(self) -> int:
        """The position among the roles, 0 for the weakest."""
        return list(Role).index(self)


class Team(models.Model):
    """A group of people who share pictures, jobs, connections and credits."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    # Part of the addresses, so it stays when the team is renamed.
    slug = models.SlugField(max_length=TEAM_SLUG_LENGTH, unique=True)
    name = models.CharField(max_length=TEAM_NAME_LENGTH)
    # The IANA name of the zone in which the team's days begin and end.
    time_zone = models.CharField(max_length=TIME_ZONE_LENGTH, default="UTC")
    created_at = models.DateTimeField(default=timezone.now)
    # Set while the team is closed: until `delete_after` its owners can still keep it.
    deleted_at = models.DateTimeField(null=True, blank=True)
    delete_after = models.DateTimeField(null=True, blank=True)
    members = models.ManyToManyField(User, through="Membership", related_name="teams")

    class Meta:
        ordering = ["created_at", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_closed(self) -> bool:
        """True while the team waits for its deletion: nobody works in it."""
        return self.deleted_at is not None


class Membership(models.Model):
    """A user's role in a team."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)
    joined_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["joined_at", "pk"]
        constraints = [models.UniqueConstraint(name="teams_membership_once", fields=["team", "user"])]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"
