"""Periodic maintenance of the counters, run by the sweeper."""

import time

from vanceweb.throttling.models import Counter


def remove_ended_windows() -> None:
    """Remove the counters whose windows have ended. None of them is needed: a new hit begins a new window."""
    Counter.objects.filter(expires_at__lte=time.time()).delete()
