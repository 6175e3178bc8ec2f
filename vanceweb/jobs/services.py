"""People's actions on jobs. They only write rows and return at once; the io worker does the rest."""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Case, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from vanceweb.catalogue.features import calculate_credits, get_feature_by_module
from vanceweb.catalogue.jconfig import build_jconfig
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.steps import Step
from vanceweb.gallery.asset_files import delete_leftover_files
from vanceweb.gallery.models import Asset
from vanceweb.gallery.services import delete_asset
from vanceweb.jobs.models import Job
from vanceweb.jobs.tasks import wake
from vanceweb.teams.access import Action, Actor, require
from vanceweb.vault.models import Connection


class JobRefused(Exception):
    """The job can't be submitted, retried or deleted. The message is a sentence with the reason."""


@transaction.atomic
def submit_job(*, actor: Actor, connection: Connection, source: Asset, step: Step, output: Output) -> Job:
    """Create the job and enqueue it. A job on a private picture is private too.

    Raise JobRefused, JConfigError for parameters that the API doesn't accept, and PermissionDenied.
    """
    require(actor, Action.SPEND)
    if not (actor.can_see(connection) and actor.can_see(source)):
        raise JobRefused(_("The picture and the connection must be the team's or your own."))
    if source.problem:
        raise JobRefused(source.problem)
    build_jconfig([step], output)
    feature = get_feature_by_module(step.module)
    job = Job.objects.create(
        **actor.own(private=source.is_private).to_fields(),
        connection=connection,
        connection_name=connection.name,
        source=source,
        source_name=source.name,
        feature=feature.slug,
        params=dict(step.params),
        control_images=[[guide.image_uid, guide.cn_name] for guide in step.control_images],
        output=_to_json(output),
        credits=calculate_credits([step]),
    )
    wake(job.pk, job.not_before)
    return job


@transaction.atomic
def cancel_job(*, job: Job) -> bool:
    """End the job at once, in any phase. Return False if it had already ended.

    The io worker then requests cancellation from the service. A result that was being downloaded may already be paid
    for, so a retry continues with that download.
    """
    if end_active_jobs(Job.objects.filter(pk=job.pk), state=Job.State.CANCELLED) == 0:
        return False
    wake(job.pk, timezone.now())
    job.refresh_from_db()
    return True


def end_active_jobs(jobs: QuerySet[Job], *, state: str, **fields: Any) -> int:
    """End the jobs that are still active and revoke their leases. Return their number."""
    # A queued job has a transform if it was retried before its service was asked to cancel that transform.
    started = Q(state__in=[Job.State.QUEUED, Job.State.PROCESSING]) & ~Q(trans_id="")
    now = timezone.now()
    return jobs.filter(state__in=Job.ACTIVE).update(
        state=state,
        resume_state=Case(When(state=Job.State.DOWNLOADING, then=Value(str(Job.State.DOWNLOADING))), default=Value("")),
        cancel_requested=Case(When(started, then=Value(True)), default=Value(False)),
        lease_until=None,
        lease_token=None,
        woken_at=now,
        finished_at=now,
        **fields,
    )


@transaction.atomic
def retry_job(*, actor: Actor, job: Job) -> Job:
    """Restart a failed or cancelled job from its `resume_state`, or from the beginning if that is empty.

    Raise JobRefused. The actor must still see the picture and the connection, as for a new job.
    """
    if job.has_ended and (job.connection_id is None or job.source_id is None):
        raise JobRefused(_("The job's picture or connection was removed. Run it again with others."))
    connection = Connection.objects.without_token().filter(jobs=job.pk).first()
    if connection is not None and not actor.can_see(connection):
        raise JobRefused(_("The job ran on somebody's private connection. Run it again on another."))
    if job.source is not None and not actor.can_see(job.source):
        raise JobRefused(_("The job's picture is private to somebody else. Run it again with another."))
    now = timezone.now()
    fresh: dict[str, Any] = {
        "attempts": 0,
        "transforms_sent": 0,
        "setbacks": 0,
        "error": "",
        "error_code": None,
        "percent": None,
        "not_before": now,
        "woken_at": now,
        "submitted_at": now,
        "started_at": None,
        "finished_at": None,
        "resume_state": "",
        "lease_until": None,
        "lease_token": None,
    }
    if job.resume_state:
        fresh["state"] = job.resume_state
    else:
        fresh |= {"state": Job.State.QUEUED, "uid": "", "transform_sent_at": None, "backend": "", "note": ""}
    ended = Job.objects.filter(
        pk=job.pk, state__in=[Job.State.FAILED, Job.State.CANCELLED], resume_state=job.resume_state
    )
    if ended.update(**fresh) == 0:
        raise JobRefused(_("Only a failed or cancelled job can be retried."))
    wake(job.pk, now)
    job.refresh_from_db()
    return job


@transaction.atomic
def delete_job(*, actor: Actor, job: Job) -> None:
    """Delete an ended job with its result, and the actor's upload if no other job uses it. Raise JobRefused."""
    locked = Job.objects.select_for_update(of=("self",)).select_related("source", "result").filter(pk=job.pk).first()
    if locked is None:
        return
    if locked.is_active:
        raise JobRefused(_("The job is still running. Cancel it first."))
    leftovers = Asset(uuid=locked.result_uuid).folder
    source, result = locked.source, locked.result
    locked.delete()
    if result is not None:
        delete_asset(asset=result)
    may_delete_source = source is not None and source.kind == Asset.Kind.UPLOAD and actor.can_edit(source)
    if source is not None and may_delete_source and not source.jobs_from.exists():
        delete_asset(asset=source)
    transaction.on_commit(partial(delete_leftover_files, leftovers))


def _to_json(output: Output) -> dict[str, Any]:
    return {
        "quality": output.quality,
        "dpi": output.dpi,
        "format": output.format,
        "background": None if output.background is None else list(output.background),
    }
