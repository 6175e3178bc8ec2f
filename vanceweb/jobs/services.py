"""People's actions on jobs. They only write rows and return at once; the io worker does the rest."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from vanceweb.budgets.reservations import release_reservations
from vanceweb.catalogue.features import calculate_credits, get_feature_by_module
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.rules import check_output, check_steps
from vanceweb.catalogue.step_serialisation import to_json
from vanceweb.catalogue.steps import Step
from vanceweb.gallery.blob_files import delete_leftover_files
from vanceweb.gallery.models import Asset, Blob
from vanceweb.gallery.services import delete_asset, delete_picture
from vanceweb.jobs.conditions import (
    JobRefused,
    check_deletable,
    check_release,
    check_retry,
    lock_pictures,
    refuse_broken,
    refuse_spending,
)
from vanceweb.jobs.deletion import DeletionPlan, plan_deletion
from vanceweb.jobs.models import Job
from vanceweb.jobs.order import compute_rank
from vanceweb.jobs.places import wake_next_job
from vanceweb.jobs.result_limits import find_impossible_size, measure_asset
from vanceweb.jobs.run_times import estimate_seconds
from vanceweb.jobs.shortages import WhenShort, choose_placement
from vanceweb.jobs.source_names import is_named_to_team
from vanceweb.jobs.spending import build_credits_hold, reserve_for_job
from vanceweb.jobs.tasks import wake_job_worker
from vanceweb.lib.after_commit import run_after_commit
from vanceweb.teams.access import Action, Actor, filter_editable, filter_visible, require
from vanceweb.teams.audit import record_event
from vanceweb.teams.models import AuditAction
from vanceweb.vault.models import Connection

NOT_HELD: dict[str, Any] = {"held_reason": "", "held_for": "", "held_at": None}


@contextmanager
def delete_upload_on_error(source: Asset) -> Iterator[None]:
    """Delete the upload if the block, which submits its first job, fails. Other pictures stay."""
    try:
        yield
    except BaseException:
        if source.kind == Asset.Kind.UPLOAD and not source.jobs_from.exists():
            delete_asset(asset=source)
        raise


@transaction.atomic
def submit_job(
    *,
    actor: Actor,
    connection: Connection,
    source: Asset,
    steps: Sequence[Step],
    output: Output,
    when_short: str = WhenShort.START,
) -> Job:
    """Create the job and enqueue it. A job on a private picture, or guided by one, is private too.

    It reserves its credits. If it would exceed a budget it is held, with the reason; `when_short` says what happens if
    it costs more than its connection has left.

    The guides of the steps are pictures of the gallery. The actor must be allowed to spend on the connection now; if
    their role or the connection's rule changes before a worker begins, the job runs all the same. Raise JobRefused,
    JConfigError for steps that the API doesn't accept, and PermissionDenied.
    """
    require(actor, Action.SPEND)
    checked = check_steps(steps)
    check_output(output)
    # The caller read these rows some time ago: others may have made them private or deleted them since.
    usable = filter_visible(Connection.objects.without_token(), actor).filter(pk=connection.pk).first()
    source, *guides = lock_pictures(actor, source, checked)
    if usable is None:
        raise JobRefused(_("The picture and the connection must be the team's or your own."))
    refuse_spending(actor, usable)
    refuse_broken(usable)
    credits = calculate_credits(checked)
    placement = choose_placement(actor=actor, connection=usable, credits=credits, when_short=when_short)
    usable = placement.connection
    if source.problem:
        raise JobRefused(source.problem)
    impossible = find_impossible_size(usable, measure_asset(source), checked, output)
    if impossible is not None:
        raise JobRefused(impossible)
    private = any(picture.is_private for picture in (source, *guides))
    now = timezone.now()
    job = Job(
        **actor.own(private=private).to_fields(),
        connection=usable,
        connection_name=usable.name,
        source=source,
        source_name=source.name,
        source_uuid=source.uuid,
        root_uuid=source.own_root_uuid,
        steps=to_json(checked),
        feature=get_feature_by_module(checked[-1].module).slug,
        output=_to_output_json(output),
        credits=credits,
        waits_for_credits=placement.waits,
        submitted_at=now,
        **_build_queue_fields(connection=usable, steps=checked, source=source, submitted_at=now),
    )
    hold = reserve_for_job(job, usable, state=Job.State.QUEUED)
    for name, value in hold.to_fields(Job.State.QUEUED).items() if hold else ():
        setattr(job, name, value)
    job.save(force_insert=True)
    if hold is None:
        wake_job_worker()
    return job


@transaction.atomic
def cancel_job(*, job: Job) -> bool:
    """End the job at once, in any phase, also if it is held. Return False if it had already ended.

    The io worker then requests cancellation from the service. A result that was being downloaded may already be paid
    for, so a retry continues with that download.
    """
    # A held job ends as it would have ended in the state in which it was held. No worker sees it in between.
    Job.objects.filter(pk=job.pk, state=Job.State.HELD).update(state=F("resume_state"), resume_state="", **NOT_HELD)
    if end_active_jobs(Job.objects.filter(pk=job.pk), state=Job.State.CANCELLED) == 0:
        return False
    complete_end(job_id=job.pk)
    job.refresh_from_db()
    return True


@transaction.atomic
def fail_held_job(*, job: Job, sentence: str) -> None:
    """End a held job that can't continue, as it would have failed in the state in which it was held."""
    held = Job.objects.filter(pk=job.pk, state=Job.State.HELD)
    if held.update(state=F("resume_state"), resume_state="", **NOT_HELD):
        fields = {"error": sentence, "error_code": None, "failure_kind": Job.FailureKind.OUTAGE}
        end_active_jobs(Job.objects.filter(pk=job.pk), state=Job.State.FAILED, **fields)
        complete_end(job_id=job.pk)
    job.refresh_from_db()


def complete_end(*, job_id: int) -> None:
    """Give back the credits of a job that was ended, and wake workers for its service and for the next job."""
    names = ("uuid", "state", "resume_state", "error_code", "cancel_requested", "connection_id")
    job = Job.objects.filter(pk=job_id).only(*names).get()
    if not job.may_be_charged:
        release_reservations(job_uuids=[job.uuid])
    if job.cancel_requested:
        wake_job_worker()
    wake_next_job(job.connection_id, wake_job_worker)


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
        # Due for the notice to its service.
        not_before=Case(When(started, then=Value(now)), default=Value(None)),
        woken_at=now,
        finished_at=now,
        **fields,
    )


@transaction.atomic
def hold_job(*, job: Job, reason: str) -> bool:
    """Stop the active job until it is released, and show people the `reason`, a sentence. Return False if not active.

    A worker that has the job stops at its next write. What the service has already started goes on there.
    """
    held = Job.objects.filter(pk=job.pk, state__in=Job.ACTIVE).update(
        state=Job.State.HELD,
        resume_state=F("state"),
        held_reason=reason,
        held_at=timezone.now(),
        lease_until=None,
        lease_token=None,
    )
    if held:
        wake_next_job(job.connection_id, wake_job_worker)
    job.refresh_from_db()
    return held == 1


@transaction.atomic
def release_job(*, job: Job, may_exceed: bool = False) -> bool:
    """Continue the held job from the state in which it was held. Return False if it isn't held, or has to stay so.

    It stays held without room in a budget, unless it `may_exceed` that, and without the credits that it waits for. The
    time for which it may run begins again; setbacks of a job whose service refused it still count. Raise JobRefused if
    its connection is broken, or if that or its picture has become private.
    """
    held = Job.objects.select_for_update().filter(pk=job.pk, state=Job.State.HELD).first()
    if held is None:
        job.refresh_from_db()
        return False
    connection = check_release(held)
    hold = connection and reserve_for_job(held, connection, state=held.resume_state, may_exceed=may_exceed)
    if hold:
        if held.held_for != hold.cause:
            Job.objects.filter(pk=job.pk).update(**hold.to_fields(held.resume_state))
        job.refresh_from_db()
        return False
    now = timezone.now()
    released = Job.objects.filter(pk=job.pk, state=Job.State.HELD).update(
        state=F("resume_state"),
        resume_state="",
        # A service that accepts the token in checks and refuses it in calls would go on forever, and one that tells of
        # credits which it doesn't have, too.
        setbacks=F("setbacks") if held.held_for in (Job.HoldCause.TOKEN, Job.HoldCause.CREDITS) else 0,
        error="",
        error_code=None,
        started_at=None,
        not_before=now,
        woken_at=now,
        **NOT_HELD,
        **_build_queue_fields_of(held),
    )
    if released:
        wake_job_worker()
    job.refresh_from_db()
    return released == 1


@transaction.atomic
def retry_job(*, actor: Actor, job: Job, waits_for_check: bool = False) -> Job:
    """Restart a failed or cancelled job from its `resume_state`, or from the beginning if that is empty.

    It is held if it would exceed a budget. With `waits_for_check` it is held until a check of the balance finds enough
    credits, whatever is known now: its service has just said that there are too few.

    The actor must see the connection and the pictures that are sent, and be allowed to spend on the connection, as for
    a new job. A job of their own becomes private if one of its pictures has. Raise JobRefused.
    """
    # The job is locked before its pictures, as by everybody who locks both.
    locked = filter_visible(Job.objects.select_for_update(), actor).filter(pk=job.pk).first()
    if locked is None:
        raise JobRefused(_("Only a failed or cancelled job can be retried."))
    connection, pictures = check_retry(actor, locked)
    private = any(picture.is_private for picture in pictures)
    if private and locked.created_by_id != actor.user.pk:
        raise JobRefused(_("A picture of the job is private now. Run it again with another."))
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
    locked.submitted_at = now
    fresh |= _build_queue_fields_of(locked)
    if private:
        fresh["private_to"] = actor.user
    if job.resume_state:
        fresh["state"] = job.resume_state
        if job.resume_state == Job.State.DOWNLOADING:
            fresh["downloaded_at"] = now
    else:
        fresh |= {
            "state": Job.State.QUEUED,
            "uid": "",
            "guide_uids": {},
            "transform_sent_at": None,
            "work_started_at": None,
            "work_seconds": None,
            "hook_digest": "",
            "downloaded_at": None,
            "backend": "",
            "engine_version": "",
            "note": "",
        }
    if waits_for_check:
        locked.waits_for_credits = fresh["waits_for_credits"] = True
        fresh |= build_credits_hold(locked).to_fields(fresh["state"])
    elif connection is not None and (hold := reserve_for_job(locked, connection, state=fresh["state"])):
        fresh |= hold.to_fields(fresh["state"])
    ended = Job.objects.filter(
        pk=job.pk, state__in=[Job.State.FAILED, Job.State.CANCELLED], resume_state=job.resume_state
    )
    if ended.update(**fresh) == 0:
        raise JobRefused(_("Only a failed or cancelled job can be retried."))
    if fresh["state"] != Job.State.HELD:
        wake_job_worker()
    job.refresh_from_db()
    return job


@transaction.atomic
def delete_job(*, actor: Actor, job: Job) -> DeletionPlan | None:
    """Delete an ended job with its result, and the actor's upload if no other job uses it. Raise JobRefused.

    Return what was deleted, or None if the job was gone already. A picture that the actor may not change stays.
    """
    # Its pictures are read after the lock: they may become private while this waits for it.
    locked = filter_editable(Job.objects.select_for_update(), actor).filter(pk=job.pk).first()
    if locked is None:
        return None
    check_deletable(locked)
    plan = plan_deletion(locked, actor)
    record_event(AuditAction.JOB_DELETED, by=actor.performer, target=locked, is_named=is_named_to_team(locked))
    if locked.may_be_charged:
        # If its service charges it after all, the history says so.
        release_reservations(job_uuids=[locked.uuid])
    locked.delete()
    for picture in (plan.deleted_result, plan.deleted_source):
        if picture is not None:
            delete_picture(actor=actor, picture=picture)
    run_after_commit(delete_leftover_files, Blob(uuid=locked.result_uuid))
    return plan


def _build_queue_fields(
    *, connection: Connection, steps: Sequence[Step], source: Asset, submitted_at: datetime
) -> dict[str, Any]:
    """Return the work that is expected of a job and its rank among the waiting ones."""
    seconds = estimate_seconds(connection=connection, steps=steps, width=source.width, height=source.height)
    return {"expected_seconds": seconds, "queue_rank": compute_rank(submitted_at, seconds)}


def _build_queue_fields_of(job: Job) -> dict[str, Any]:
    """Return these fields anew for a stored job. Without its picture or its connection it keeps its own."""
    connection = Connection.objects.without_token().filter(jobs=job.pk).first()
    source = Asset.objects.select_related("blob").filter(jobs_from=job.pk).first()
    if connection is None or source is None:
        return {}
    return _build_queue_fields(
        connection=connection, steps=job.parsed_steps, source=source, submitted_at=job.submitted_at
    )


def _to_output_json(output: Output) -> dict[str, Any]:
    return {
        "quality": output.quality,
        "dpi": output.dpi,
        "format": output.format,
        "background": None if output.background is None else list(output.background),
    }
