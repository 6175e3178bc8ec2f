"""Making a picture private together with the job that made it, and sharing both again."""

from django.db import transaction

from vanceweb.gallery.models import Asset
from vanceweb.gallery.privacy import make_picture_private, share_picture
from vanceweb.jobs.models import Job
from vanceweb.jobs.privacy import make_job_private, share_job
from vanceweb.teams.access import Actor


@transaction.atomic
def hide_picture(*, actor: Actor, picture: Asset) -> None:
    """Make the actor's own picture private, a result with the job that made it and with what goes along with that.

    Otherwise the job's page would still show the picture before the change. The actor's own jobs that haven't ended
    become private, too, so that they can go on with the picture; those of others that haven't sent it fail, as if it
    were deleted. All other jobs that used it stay, without it. Raise PictureRefused or JobRefused.
    """
    # Jobs before pictures, as by everybody who locks both.
    job = _find_own_job(actor, picture)
    using = Job.objects.filter(source=picture, created_by=actor.user, finished_at=None, private_to=None)
    for unfinished in using.order_by("pk"):
        make_job_private(actor=actor, job=unfinished)
    if job is not None:
        make_job_private(actor=actor, job=job)
    make_picture_private(actor=actor, picture=picture)


@transaction.atomic
def show_picture(*, actor: Actor, picture: Asset) -> None:
    """Share the actor's own picture with the team, a result with the job that made it. Raise PictureRefused."""
    job = _find_own_job(actor, picture)
    if job is not None:
        share_job(actor=actor, job=job)
    share_picture(actor=actor, picture=picture)


def _find_own_job(actor: Actor, picture: Asset) -> Job | None:
    return Job.objects.filter(result=picture, created_by=actor.user, team=actor.team).first()
