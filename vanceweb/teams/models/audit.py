"""The audit log: who did what, on what, from where and when."""

from typing import Any, NoReturn

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AuditAction(models.TextChoices):
    """The acts that the audit log records. The part before the dot is the group by which the log is filtered."""

    SIGNED_IN = "account.signed_in", _("Signed in")
    SIGN_IN_FAILED = "account.sign_in_failed", _("Failed to sign in")
    SIGNED_OUT = "account.signed_out", _("Signed out")
    PASSWORD_CHANGED = "account.password_changed", _("Changed a password")  # noqa: S105
    PASSWORD_RESET = "account.password_reset", _("Reset a password")  # noqa: S105
    RESET_LINK_CREATED = "account.reset_link_created", _("Created a link to reset a password")
    EMAIL_CHANGED = "account.email_changed", _("Changed an e-mail address")
    TWO_FACTOR_ADDED = "account.two_factor_added", _("Added a second factor")
    TWO_FACTOR_REMOVED = "account.two_factor_removed", _("Removed a second factor")
    TWO_FACTOR_RESET = "account.two_factor_reset", _("Reset two-factor sign-in")
    RECOVERY_CODES_CREATED = "account.recovery_codes_created", _("Created recovery codes")
    SESSION_ENDED = "account.session_ended", _("Ended a session")
    SIGN_IN_CONNECTED = "account.sign_in_connected", _("Connected a sign-in")
    SIGN_IN_DISCONNECTED = "account.sign_in_disconnected", _("Disconnected a sign-in")

    PERSON_CREATED = "person.created", _("Created a person")
    PERSON_DEACTIVATED = "person.deactivated", _("Deactivated a person")
    PERSON_ACTIVATED = "person.activated", _("Activated a person")
    PERSON_DELETED = "person.deleted", _("Deleted a person")
    PERSON_EXPORTED = "person.exported", _("Exported a person's data")
    ADMINISTRATOR_CHANGED = "person.administrator_changed", _("Changed who administers the installation")

    TEAM_CREATED = "team.created", _("Created a team")
    TEAM_RENAMED = "team.renamed", _("Renamed a team")
    TEAM_DELETION_REQUESTED = "team.deletion_requested", _("Requested the deletion of a team")
    TEAM_DELETION_CANCELLED = "team.deletion_cancelled", _("Kept a team after all")
    TEAM_DELETED = "team.deleted", _("Deleted a team")
    TEAM_SETTINGS_CHANGED = "team.settings_changed", _("Changed a team's settings")

    MEMBER_ADDED = "member.added", _("Added a person to a team")
    ROLE_CHANGED = "member.role_changed", _("Changed a role")
    MEMBER_REMOVED = "member.removed", _("Removed a person from a team")
    MEMBER_LEFT = "member.left", _("Left a team")
    WORK_HANDED_OVER = "member.work_handed_over", _("Handed over private work")
    INVITATION_CREATED = "member.invitation_created", _("Invited a person")
    INVITATION_ACCEPTED = "member.invitation_accepted", _("Accepted an invitation")
    INVITATION_REVOKED = "member.invitation_revoked", _("Revoked an invitation")

    CONNECTION_ADDED = "connection.added", _("Added a connection")
    CONNECTION_RENAMED = "connection.renamed", _("Renamed a connection")
    CONNECTION_TOKEN_REPLACED = "connection.token_replaced", _("Replaced a connection's token")  # noqa: S105
    CONNECTION_REMOVED = "connection.removed", _("Removed a connection")
    CONNECTION_SHARED = "connection.shared", _("Shared a connection with the team")
    CONNECTION_MADE_PRIVATE = "connection.made_private", _("Made a connection private")
    CONNECTION_SPENDERS_CHANGED = "connection.spenders_changed", _("Changed who may spend on a connection")
    CONNECTION_HANDED_OVER = "connection.handed_over", _("Gave a connection another keeper")
    CHARGE_CORRECTED = "connection.charge_corrected", _("Said which job a charge is for")
    MISUSE_SUSPECTED = "connection.misuse_suspected", _("Charges from elsewhere passed the threshold")
    MISUSE_DISMISSED = "connection.misuse_dismissed", _("Dismissed an alert about charges from elsewhere")
    CONNECTION_HISTORY_CHANGED = "connection.history_changed", _("Changed the time zone or billing day of a connection")
    CONNECTION_REJECTED = "connection.rejected", _("A service rejected a connection's token")

    JOB_SHARED = "work.job_shared", _("Shared a job with the team")
    JOB_MADE_PRIVATE = "work.job_made_private", _("Made a job private")
    JOB_DELETED = "work.job_deleted", _("Deleted a job")
    PICTURE_SHARED = "work.picture_shared", _("Shared a picture with the team")
    PICTURE_MADE_PRIVATE = "work.picture_made_private", _("Made a picture private")
    PICTURE_DELETED = "work.picture_deleted", _("Deleted a picture")

    SHARE_LINK_CREATED = "link.created", _("Created a share link")
    SHARE_LINK_CHANGED = "link.changed", _("Changed a share link")
    SHARE_LINK_REVOKED = "link.revoked", _("Revoked a share link")
    SHARE_LINK_PASSWORD_FAILED = "link.password_failed", _("Gave a wrong password for a share link")  # noqa: S105

    API_TOKEN_CREATED = "api.token_created", _("Created an API token")  # noqa: S105
    API_TOKEN_REVOKED = "api.token_revoked", _("Revoked an API token")  # noqa: S105
    ENGINE_TOKEN_CREATED = "api.engine_token_created", _("Created a token of the engine")  # noqa: S105
    ENGINE_TOKEN_CHANGED = "api.engine_token_changed", _("Changed a token of the engine")  # noqa: S105
    ENGINE_TOKEN_REVOKED = "api.engine_token_revoked", _("Revoked a token of the engine")  # noqa: S105
    WEBHOOK_CREATED = "api.webhook_created", _("Created a webhook")
    WEBHOOK_CHANGED = "api.webhook_changed", _("Changed a webhook")
    WEBHOOK_LEFT = "api.webhook_left", _("Left a webhook to the team")
    WEBHOOK_TAKEN_OVER = "api.webhook_taken_over", _("Took over a webhook")
    WEBHOOK_DELETED = "api.webhook_deleted", _("Deleted a webhook")

    AUDIT_EXPORTED = "trust.audit_exported", _("Exported the audit log")
    BUDGET_CREATED = "trust.budget_created", _("Set a budget")
    BUDGET_CHANGED = "trust.budget_changed", _("Changed a budget")
    BUDGET_DELETED = "trust.budget_deleted", _("Deleted a budget")
    BUDGET_OVERRIDDEN = "trust.budget_overridden", _("Let a job exceed a budget")
    CREDIT_PRICE_SET = "trust.credit_price_set", _("Set the price of a credit")
    CREDIT_PRICE_DELETED = "trust.credit_price_deleted", _("Deleted a price of credits")
    USAGE_EXPORTED = "trust.usage_exported", _("Exported the usage")
    VAULT_KEYS_ROTATED = "trust.vault_keys_rotated", _("Rotated the keys for stored tokens")

    @property
    def group(self) -> str:
        """The part before the dot."""
        return self.value.partition(".")[0]


class Via(models.TextChoices):
    """The way by which an action came."""

    SESSION = "session", _("Browser")
    API_TOKEN = "api_token", _("API")  # noqa: S105
    SHARE_LINK = "share_link", _("Share link")
    COMMAND = "command", _("Command line")
    SITE = "site", _("The site itself")


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    """Events are added and, once they are too old, removed (`remove_older_than`). Nothing changes them."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refuse every change."""
        raise TypeError("Audit events can't be changed.")

    def delete(self) -> NoReturn:
        """Refuse deletion."""
        raise TypeError("Audit events can't be deleted; remove_older_than() ends their time.")

    def remove_older_than(self, moment: Any) -> int:
        """Remove the events from before a moment and return their number."""
        return self.filter(created_at__lt=moment)._raw_delete(self.db)


class AuditEvent(models.Model):
    """An act that matters. Its ids are no foreign keys: the log outlives teams, people and rows."""

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # A value of AuditAction. Without choices, so that a new action needs no migration.
    action = models.CharField(max_length=40)
    # Empty for what concerns the installation.
    team_pk = models.PositiveBigIntegerField(null=True, blank=True)
    team_name = models.CharField(max_length=80, blank=True)
    # Who did it; empty for commands, for the site itself and for people who aren't signed in.
    person_pk = models.PositiveBigIntegerField(null=True, blank=True)
    person_name = models.CharField(max_length=150, blank=True)
    via = models.CharField(max_length=16, choices=Via.choices)
    address = models.GenericIPAddressField(null=True, blank=True)
    # The model, the public id and the name of what it was done on.
    target_kind = models.CharField(max_length=40, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    target_name = models.CharField(max_length=200, blank=True)
    # The name of the person or the team-mate it was done to is the target; details are a few short texts.
    details = models.JSONField(default=dict, blank=True)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["team_pk", "-created_at", "-id"], name="teams_audit_newest_first"),
            models.Index(fields=["-created_at", "-id"], name="teams_audit_all"),
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.person_name or self.via}"

    @property
    def title(self) -> str:
        """The act, for people; the stored name of an action that this version doesn't know."""
        return str(AuditAction(self.action).label) if self.action in AuditAction.values else self.action

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the event. Raise TypeError for one that is in the log already."""
        if not self._state.adding:
            raise TypeError("Audit events can't be changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse deletion."""
        raise TypeError("Audit events can't be deleted.")
