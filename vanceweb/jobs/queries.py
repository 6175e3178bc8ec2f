"""Queries for the jobs that pages show."""

from collections.abc import Sequence

from vanceweb.jobs.forecast import find_places
from vanceweb.jobs.models import Job
from vanceweb.jobs.privacy import hide_private_pictures
from vanceweb.teams.access import Actor, filter_visible


def get_recent_jobs(actor: Actor, limit: int) -> list[Job]:
    """Return the latest jobs that the actor may see, with pictures and places, in at most four queries."""
    jobs = list(filter_visible(Job.objects.with_pictures(), actor).order_by("-created_at", "-pk")[:limit])
    hide_private_pictures(actor, jobs)
    add_places(jobs)
    return jobs


def add_places(jobs: Sequence[Job]) -> None:
    """Tell the jobs that wait their places in their queues. At most three queries."""
    places = find_places(jobs)
    for job in jobs:
        job.place = places.get(job.pk)
