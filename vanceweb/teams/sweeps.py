"""Periodic maintenance of teams, run by the sweeper."""

from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from vanceweb.teams.models import AuditEvent

# Events are kept for days, so nobody notices an hour more.
EVENT_PRUNE_SECONDS = 3600.0


def remove_old_events() -> None:
    """Remove the audit log's events that are older than AUDIT_KEEP_DAYS, at most once in EVENT_PRUNE_SECONDS."""
    if cache.add("teams.remove_old_events", True, EVENT_PRUNE_SECONDS):
        AuditEvent.objects.all().remove_older_than(timezone.now() - timedelta(days=settings.AUDIT_KEEP_DAYS))
