"""Making jobs private to the person who submitted them, and sharing them with the team again."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from vanceweb.gallery.models import Asset
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import JobRefused
from vanceweb.teams.access import Actor


@transaction.atomic
def make_job_private(*, actor: Actor, job: Job) -> None:
    """Make the actor's own job private with its result and its own source.

    The source stays the team's if a job that others see uses or made it. Raise JobRefused.
    """
    locked = _lock_own_job(actor, job)
    Job.objects.filter(pk=locked.pk).update(private_to=actor.user)
    # Locked before it is decided, so that nobody submits a job on a picture in between.
    ids = [locked.result_id or 0, locked.source_id or 0]
    pictures = {row.pk: row for row in Asset.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")}
    if locked.result_id in pictures:
        Asset.objects.filter(pk=locked.result_id).update(private_to=actor.user)
    source = pictures.get(locked.source_id or 0)
    if source is None or source.created_by_id != actor.user.pk or source.kind == Asset.Kind.SAMPLE:
        return
    others = Job.objects.filter(Q(source=source) | Q(result=source)).exclude(pk=locked.pk)
    if not others.exclude(private_to=actor.user).exists():
        Asset.objects.filter(pk=source.pk).update(private_to=actor.user)


@transaction.atomic
def share_job(*, actor: Actor, job: Job) -> None:
    """Show the actor's own private job to the team, with its result and its source. Raise JobRefused.

    A source that another private job made stays private with that job.
    """
    locked = _lock_own_job(actor, job)
    Job.objects.filter(pk=locked.pk).update(private_to=None)
    pictures = Asset.objects.filter(private_to=actor.user)
    pictures.filter(pk=locked.result_id or 0).update(private_to=None)
    made_privately = Job.objects.filter(result=OuterRef("pk")).exclude(private_to=None)
    pictures.filter(~Exists(made_privately), pk=locked.source_id or 0).update(private_to=None)


def hide_private_pictures(actor: Actor, jobs: Iterable[Job]) -> None:
    """Remove the sources and results that the actor may not see from jobs in memory, before a page shows them.

    A visible job has such a source if it continued with the result of a job that was made private later.
    """
    for job in jobs:
        if job.source is not None and not actor.can_see(job.source):
            job.source = None
        if job.result is not None and not actor.can_see(job.result):
            job.result = None


def _lock_own_job(actor: Actor, job: Job) -> Job:
    locked = Job.objects.select_for_update().filter(pk=job.pk, team=actor.team).first()
    if locked is None or locked.created_by_id != actor.user.pk:
        raise JobRefused(_("Only the person who submitted a job can make it private or share it."))
    return locked
