"""Queries for the jobs that pages show."""

from vanceweb.jobs.models import Job
from vanceweb.jobs.privacy import hide_private_pictures
from vanceweb.teams.access import Actor, filter_visible


def get_recent_jobs(actor: Actor, limit: int) -> list[Job]:
    """Return the latest jobs that the actor may see with their pictures, in one query."""
    jobs = list(filter_visible(Job.objects.with_pictures(), actor).order_by("-created_at", "-pk")[:limit])
    hide_private_pictures(actor, jobs)
    return jobs
