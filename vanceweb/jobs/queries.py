"""Queries for the jobs that pages show."""

from vanceweb.jobs.models import Job
from vanceweb.teams.access import Person, filter_owned


def get_recent_jobs(user: Person, limit: int) -> list[Job]:
    """Return the user's latest jobs with their pictures, in one query."""
    return list(filter_owned(Job.objects.with_pictures(), user).order_by("-created_at", "-pk")[:limit])
