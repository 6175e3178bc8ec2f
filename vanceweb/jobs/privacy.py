"""Making jobs private to the person who submitted them, and sharing them with the team again."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from vanceweb.gallery.models import Asset
from vanceweb.jobs.conditions import JobRefused
from vanceweb.jobs.models import Job
from vanceweb.jobs.source_names import get_shown_source_name
from vanceweb.teams.access import Actor
from vanceweb.teams.audit import record_event
from vanceweb.teams.models import AuditAction


@transaction.atomic
def make_job_private(*, actor: Actor, job: Job) -> None:
    """Make the actor's own job private with its result and its own source.

    The source stays the team's if a job that others see uses or made it. Raise JobRefused.
    """
    locked = _lock_own_job(actor, job)
    if not locked.is_private:
        Job.objects.filter(pk=locked.pk).update(private_to=actor.user)
        record_event(AuditAction.JOB_MADE_PRIVATE, by=actor.performer, target=locked, is_named=False)
    # Locked before it is decided, so that nobody submits a job on a picture in between.
    ids = [locked.result_id or 0, locked.source_id or 0]
    pictures = {row.pk: row for row in Asset.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")}
    if locked.result_id in pictures:
        _hide(actor, pictures[locked.result_id])
    source = pictures.get(locked.source_id or 0)
    if source is None or source.created_by_id != actor.user.pk or source.kind == Asset.Kind.SAMPLE:
        return
    others = Job.objects.filter(Q(source=source) | Q(result=source)).exclude(pk=locked.pk)
    if not others.exclude(private_to=actor.user).exists():
        _hide(actor, source)


@transaction.atomic
def share_job(*, actor: Actor, job: Job) -> None:
    """Show the actor's own private job to the team, with its result and its source. Raise JobRefused.

    A source that another private job made stays private with that job.
    """
    locked = _lock_own_job(actor, job)
    if locked.is_private:
        Job.objects.filter(pk=locked.pk).update(private_to=None)
        record_event(AuditAction.JOB_SHARED, by=actor.performer, target=locked)
    pictures = Asset.objects.filter(private_to=actor.user)
    made_privately = Job.objects.filter(result=OuterRef("pk")).exclude(private_to=None)
    source = Q(~Exists(made_privately), pk=locked.source_id or 0)
    for picture in pictures.filter(source | Q(pk=locked.result_id or 0)).order_by("pk"):
        Asset.objects.filter(pk=picture.pk).update(private_to=None)
        record_event(AuditAction.PICTURE_SHARED, by=actor.performer, target=picture)


def hide_private_pictures(actor: Actor, jobs: Iterable[Job]) -> None:
    """Remove the sources and results that the actor may not see from jobs in memory, before a page shows them.

    The name of such a source goes, too. A visible job has one if it continued with the result of a job that was made
    private later, or if the picture itself was.
    """
    for job in jobs:
        job.source_name = get_shown_source_name(job, actor)
        if job.source is not None and not actor.can_see(job.source):
            job.source = None
        if job.result is not None and not actor.can_see(job.result):
            job.result = None


def _hide(actor: Actor, picture: Asset) -> None:
    if picture.is_private:
        return
    Asset.objects.filter(pk=picture.pk).update(private_to=actor.user)
    record_event(AuditAction.PICTURE_MADE_PRIVATE, by=actor.performer, target=picture, is_named=False)


def _lock_own_job(actor: Actor, job: Job) -> Job:
    locked = Job.objects.select_for_update().filter(pk=job.pk, team=actor.team).first()
    if locked is None or locked.created_by_id != actor.user.pk:
        raise JobRefused(_("Only the person who submitted a job can make it private or share it."))
    return locked
