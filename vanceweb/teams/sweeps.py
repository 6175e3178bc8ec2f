"""Periodic maintenance of teams, run by the sweeper."""

from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from vanceweb.lib.leases import filter_due
from vanceweb.lib.wakeups import wake_due_rows
from vanceweb.teams.invitation_mail import filter_unsent
from vanceweb.teams.models import AuditEvent
from vanceweb.teams.tasks import send_invitations

# Events are kept for days, so nobody notices an hour more.
EVENT_PRUNE_SECONDS = 3600.0


def remove_old_events() -> None:
    """Remove the audit log's events that are older than AUDIT_KEEP_DAYS, at most once in EVENT_PRUNE_SECONDS."""
    if cache.add("teams.remove_old_events", True, EVENT_PRUNE_SECONDS):
        AuditEvent.objects.all().remove_older_than(timezone.now() - timedelta(days=settings.AUDIT_KEEP_DAYS))


def wake_due_invitations() -> int:
    """Wake workers for invitations whose mail is due. Return the number of messages."""
    return wake_due_rows(filter_due(filter_unsent()), send_invitations.enqueue)
