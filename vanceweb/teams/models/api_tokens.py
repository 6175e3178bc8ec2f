"""A token of the site's own API: a program that holds it acts as a person in one team."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vanceweb.teams.models.people import Team

TOKEN_NAME_LENGTH = 80
# The beginning of a token, which tells it from others in lists and finds its row: `vw_` and eight characters.
TOKEN_PREFIX_LENGTH = 11


class Scope(models.TextChoices):
    """The kinds of calls that a token may make. `vanceweb.teams.access` says which acts each permits."""

    READ = "read", _("Read")
    WRITE = "write", _("Write")


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def filter_usable(self) -> "ApiTokenQuerySet":
        """Return the tokens that are neither revoked nor expired."""
        return self.filter(revoked_at=None, expires_at__gt=timezone.now())


class ApiToken(models.Model):
    """A token; only its hash is stored. The person's role in the team is asked anew at every call."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="api_tokens")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=TOKEN_NAME_LENGTH)
    prefix = models.CharField(max_length=TOKEN_PREFIX_LENGTH, db_index=True)
    # SHA-256 of the whole token, which is random enough that nobody can try all of them.
    digest = models.CharField(max_length=64, unique=True)
    # Values of Scope, in their order, separated by commas.
    scopes = models.CharField(max_length=40)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["user", "-created_at"], name="teams_tokens_of_user")]
        constraints = [models.CheckConstraint(name="teams_token_has_scopes", condition=~Q(scopes=""))]

    def __str__(self) -> str:
        return self.name

    @property
    def scope_set(self) -> frozenset[Scope]:
        """The scopes as a set."""
        return frozenset(Scope(value) for value in self.scopes.split(","))

    @property
    def scope_labels(self) -> list[str]:
        """The scopes for people, in their order."""
        return [str(Scope(value).label) for value in self.scopes.split(",")]

    @property
    def is_revoked(self) -> bool:
        return self.revoked_at is not None

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()
