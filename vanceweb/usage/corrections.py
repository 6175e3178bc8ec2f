"""Corrections by hand of the job that a charge is for."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from vanceweb.jobs.models import Job
from vanceweb.jobs.privacy import hide_private_pictures
from vanceweb.teams.access import Actor, filter_visible, require_correctable
from vanceweb.teams.audit import record_event
from vanceweb.teams.models import AuditAction
from vanceweb.usage.budget_feed import tell_budgets
from vanceweb.usage.known_charges import find_known_shift
from vanceweb.usage.locks import lock_connection
from vanceweb.usage.models import Match, UsageRecord
from vanceweb.usage.reconciliation import apply_match
from vanceweb.usage.sums import recompute_days

# Jobs offered from before and from after the charge, and how far away they may be.
OFFERED = 8
OFFERED_WITHIN = timedelta(days=1)


def list_candidates(actor: Actor, record: UsageRecord) -> list[Job]:
    """Return the jobs near the charge's time on its connection that the actor may see, the newest first.

    Each tells with `is_charged` whether it has another charge. Its present job is among them if the actor may see it.
    """
    if record.connection is None:
        return []
    moment = record.created_at - find_known_shift(record.connection, at=record.created_at)
    others = UsageRecord.objects.counted().filter(job_uuid=OuterRef("uuid")).exclude(pk=record.pk)
    of_connection = Job.objects.with_pictures().filter(connection=record.connection)
    jobs = filter_visible(of_connection, actor).annotate(is_charged=Exists(others))
    before = jobs.filter(downloaded_at__range=(moment - OFFERED_WITHIN, moment)).order_by("-downloaded_at", "-pk")
    after = jobs.filter(downloaded_at__gt=moment, downloaded_at__lte=moment + OFFERED_WITHIN)
    found = {job.uuid: job for job in [*before[:OFFERED], *after.order_by("downloaded_at", "pk")[:OFFERED]]}
    if record.job_uuid and record.job_uuid not in found:
        found |= {job.uuid: job for job in jobs.filter(uuid=record.job_uuid)}
    hide_private_pictures(actor, found.values())
    return sorted(found.values(), key=lambda job: (job.downloaded_at or job.created_at, job.pk), reverse=True)


@transaction.atomic
def correct_match(*, actor: Actor, record: UsageRecord, job: Job | None) -> None:
    """Say which job a charge is for; None: that it isn't from here. No later matching changes it.

    Raise PermissionDenied for an actor who may not, and ValueError for a job that ran on another connection.
    """
    require_correctable(actor, record)
    connection = lock_connection(record.connection_id)
    locked = UsageRecord.objects.select_for_update(of=("self",)).get(pk=record.pk)
    if job is not None and (job.connection_id != locked.connection_id or not actor.can_see(job)):
        raise ValueError("The job ran on another connection.")
    match = Match.MATCHED if job else Match.FOREIGN
    jobs = {job_uuid for job_uuid in (locked.job_uuid, job.uuid if job else None) if job_uuid is not None}
    apply_match(locked, job, match, connection)
    locked.is_corrected = True
    locked.save(update_fields=["match", "job_uuid", "created_by", "feature", "private_to", "is_corrected"])
    recompute_days(team_id=locked.team_id, days=[locked.day])
    if connection is not None:
        tell_budgets(connection, jobs=jobs, days=[locked.day])
    record_event(AuditAction.CHARGE_CORRECTED, by=actor.performer, target=locked, is_named=False, state=match.value)
