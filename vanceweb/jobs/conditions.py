"""Conditions under which a job may be submitted, released, retried or deleted."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from vanceweb.catalogue.steps import Step, collect_guide_uids
from vanceweb.gallery.models import Asset
from vanceweb.jobs.guides import GUIDE_GONE, GuideUnavailable, find_guides
from vanceweb.jobs.models import Job
from vanceweb.teams.access import Actor, filter_usable, filter_visible
from vanceweb.teams.models import Ownership
from vanceweb.vault.models import Connection


class JobRefused(Exception):
    """The job can't be submitted, retried, released or deleted. The message is a sentence with the reason."""


def refuse_spending(actor: Actor, connection: Connection) -> None:
    """Raise JobRefused unless the actor may spend on the connection that they see."""
    if not actor.can_spend_on(connection):
        raise JobRefused(connection.no_spending_sentence)


def refuse_broken(connection: Connection) -> None:
    """Raise JobRefused for a connection that failed its last check: the job would only wait, then fail."""
    if connection.is_broken:
        raise JobRefused(connection.broken_sentence)


def check_release(job: Job) -> Connection | None:
    """Return the held job's connection. Raise JobRefused if it may no longer use that or its picture."""
    connection = Connection.objects.without_token().filter(jobs=job.pk).first()
    if connection is not None and not _can_use(job, connection):
        raise JobRefused(_("The job ran on somebody's private connection. Run it again on another."))
    if connection is not None:
        refuse_broken(connection)
    source = job.source
    if source is not None and source.private_to_id not in (None, job.private_to_id):
        raise JobRefused(_("A picture of the job is private now. Run it again with another."))
    return connection


def check_retry(actor: Actor, job: Job) -> tuple[Connection | None, list[Asset]]:
    """Return the connection and the pictures of a retry, the source locked. Raise JobRefused if there can be none."""
    connection = Connection.objects.without_token().filter(jobs=job.pk).first()
    source = Asset.objects.select_for_update(of=("self",)).filter(jobs_from=job.pk).first()
    if job.has_ended and (connection is None or source is None):
        raise JobRefused(_("The job's picture or connection was removed. Run it again with others."))
    if connection is not None and not (actor.can_see(connection) and _can_use(job, connection)):
        raise JobRefused(_("The job ran on somebody's private connection. Run it again on another."))
    if connection is not None:
        refuse_spending(actor, connection)
        refuse_broken(connection)
    if source is not None and not actor.can_see(source):
        raise JobRefused(_("The job's picture is private to somebody else. Run it again with another."))
    guides = [] if job.resume_state else _find_guides(job.parsed_steps, actor.own())
    return connection, guides if source is None else [source, *guides]


def check_deletable(job: Job) -> None:
    """Raise JobRefused for a job that hasn't ended."""
    if job.is_active:
        raise JobRefused(_("The job is still running. Cancel it first."))
    if job.is_held:
        raise JobRefused(_("The job is held. Cancel it first."))


def lock_pictures(actor: Actor, source: Asset, steps: Sequence[Step]) -> list[Asset]:
    """Read the source and the guides anew, and lock them so that nobody makes one private before the job refers to it.

    The order of their ids is that of everybody who locks several. Raise JobRefused if the actor can't see them all.
    """
    guides = _find_guides(steps, actor.own())
    ids = {source.pk, *(guide.pk for guide in guides)}
    visible = filter_visible(Asset.objects.select_for_update(of=("self",)), actor)
    locked = {picture.pk: picture for picture in visible.filter(pk__in=ids).order_by("pk")}
    if source.pk not in locked:
        raise JobRefused(_("The picture and the connection must be the team's or your own."))
    if len(locked) < len(ids):
        raise JobRefused(str(GUIDE_GONE))
    return [locked.pop(source.pk), *locked.values()]


def _can_use(job: Job, connection: Connection) -> bool:
    return filter_usable(Connection.objects.filter(pk=connection.pk), job.ownership).exists()


def _find_guides(steps: Sequence[Step], ownership: Ownership) -> list[Asset]:
    try:
        return list(find_guides(collect_guide_uids(steps), ownership).values())
    except GuideUnavailable as error:
        raise JobRefused(str(error)) from None
