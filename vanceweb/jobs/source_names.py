"""The names of jobs' sources, as people see them: a job keeps the name of a picture that became private later."""

from django.utils.translation import gettext as _

from vanceweb.jobs.models import Job
from vanceweb.teams.access import Actor


def get_shown_source_name(job: Job, actor: Actor) -> str:
    """Return the name of the job's source, or words in its place if the picture is private to somebody else."""
    if job.source is not None and not actor.can_see(job.source):
        return _("A private picture")
    return job.source_name


def is_named_to_team(job: Job) -> bool:
    """Return whether everybody in the team may read the name: neither the job nor its source is private."""
    return not job.is_private and not (job.source is not None and job.source.is_private)
