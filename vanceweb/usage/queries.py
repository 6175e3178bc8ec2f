"""Queries for the usage page."""

from django.db.models import QuerySet

from vanceweb.jobs.models import Job
from vanceweb.jobs.privacy import hide_private_pictures
from vanceweb.lib.pagination import get_page_after
from vanceweb.teams.access import Actor, filter_visible
from vanceweb.teams.models import User
from vanceweb.usage.models import UsageRecord
from vanceweb.vault.models import Connection


def get_balances(actor: Actor) -> list[Connection]:
    """Return the connections that the actor may see with their balances and `history_sync`, in one query."""
    return list(filter_visible(Connection.objects.without_token().select_related("history_sync"), actor))


def find_charges(actor: Actor) -> QuerySet[UsageRecord]:
    """Return the charges that the actor may see, each with the person who caused it."""
    return filter_visible(UsageRecord.objects.select_related("created_by"), actor)


def get_history_page(
    actor: Actor, after: str | None, limit: int, *, person: User | None = None
) -> tuple[list[UsageRecord], str | None]:
    """Return a page of the charges that the actor may see, newest first, and the next page's cursor, in two queries.

    With a `person`, only the charges that they caused. Each gets its job as `shown_job`, unless that is private to
    somebody else or deleted: then the page shows person, feature and credits, but not the picture's name. Raise Http404
    for a bad cursor.
    """
    charges = find_charges(actor)
    if person is not None:
        charges = charges.filter(created_by=person)
    rows, following = get_page_after(charges, after=after, limit=limit)
    named = [row.job_uuid for row in rows if row.job_uuid is not None]
    jobs = {job.uuid: job for job in filter_visible(Job.objects.with_pictures().filter(uuid__in=named), actor)}
    hide_private_pictures(actor, jobs.values())
    for row in rows:
        row.shown_job = jobs.get(row.job_uuid) if row.job_uuid else None
    return rows, following
