"""Jobs that are done but have no charge in the history yet."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from vanceweb.jobs.models import Job
from vanceweb.jobs.privacy import hide_private_pictures
from vanceweb.teams.access import Actor, filter_visible
from vanceweb.usage.models import UsageRecord
from vanceweb.vault.models import Connection

# A list of more says nothing more, and belongs to each page of the history.
MOST_SHOWN = 10


def find_uncharged_jobs(actor: Actor) -> QuerySet[Job]:
    """Return the done jobs of the last UNCHARGED_DAYS that the actor may see and that have no charge, newest first.

    Jobs on connections that were removed are left out: nobody reads their histories any more.
    """
    charges = UsageRecord.objects.counted().filter(job_uuid=OuterRef("uuid"))
    since = timezone.now() - timedelta(days=settings.UNCHARGED_DAYS)
    # By connection, for the index: the subquery is small.
    connections = filter_visible(Connection.objects.all(), actor).values("pk")
    done = Job.objects.filter(connection__in=connections, downloaded_at__gte=since, state=Job.State.DONE)
    return filter_visible(done, actor).filter(~Exists(charges)).order_by("-downloaded_at", "-pk")


def list_uncharged_jobs(actor: Actor) -> list[Job]:
    """Return the newest uncharged jobs, MOST_SHOWN and one more at most, with their pictures. One query."""
    found = find_uncharged_jobs(actor).fetch_names("credits", "downloaded_at")  # type: ignore[attr-defined]
    jobs = list(found.prefetch_related("created_by")[: MOST_SHOWN + 1])
    hide_private_pictures(actor, jobs)
    return jobs
