"""The deletion of a team: it is closed at once, can be kept for a week by its owners, and then goes with all it has."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from vanceweb.gallery.models import Asset
from vanceweb.gallery.services import delete_asset
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import cancel_job
from vanceweb.lib.row_faults import run_for_each
from vanceweb.teams.access import Action, Actor, require
from vanceweb.teams.audit import SITE, Performer, record_event
from vanceweb.teams.models import AuditAction, Team

# Pictures deleted in one round of the sweeper, each in its own transaction, so that the other chores needn't wait.
PICTURE_BATCH = 200
TEAM_BATCH = 10


@transaction.atomic
def close_team(*, actor: Actor) -> Team:
    """Close the actor's team for everybody and cancel its jobs. It is deleted when its grace is over.

    Raise PermissionDenied.
    """
    require(actor, Action.MANAGE_TEAM)
    team = Team.objects.select_for_update().get(pk=actor.team.pk)
    if not team.is_closed:
        start_grace(team=team, by=actor.performer)
    return team


def start_grace(*, team: Team, by: Performer) -> None:
    """Close the team, which the caller has locked, and cancel its jobs."""
    team.deleted_at = timezone.now()
    team.delete_after = team.deleted_at + timedelta(days=settings.TEAM_GRACE_DAYS)
    team.save(update_fields=["deleted_at", "delete_after"])
    _cancel_jobs(team)
    record_event(AuditAction.TEAM_DELETION_REQUESTED, by=by, target=team, expires=team.delete_after.date())


@transaction.atomic
def keep_team(*, actor: Actor) -> bool:
    """Open a closed team again. Return False if it is open, or its grace is over. Raise PermissionDenied."""
    require(actor, Action.MANAGE_TEAM)
    closed = Team.objects.filter(pk=actor.team.pk, delete_after__gt=timezone.now())
    if closed.update(deleted_at=None, delete_after=None) == 0:
        return False
    record_event(AuditAction.TEAM_DELETION_CANCELLED, by=actor.performer, target=actor.team)
    return True


def delete_overdue_teams() -> None:
    """Delete the teams whose grace is over, with all they have. A large one takes several rounds."""
    overdue = Team.objects.filter(delete_after__lte=timezone.now())
    run_for_each("Deleting a team", overdue, _delete_team, limit=TEAM_BATCH)


def _delete_team(team_id: int) -> None:
    """Delete the team's pictures and, once there are none left, the team."""
    pictures = Asset.objects.filter(team_id=team_id)
    for asset in pictures.order_by("pk")[:PICTURE_BATCH]:
        delete_asset(asset=asset)
    if not pictures.exists():
        delete_emptied_team(team_id)


@transaction.atomic
def delete_emptied_team(team_id: int) -> None:
    """Delete the team with its people's memberships, jobs, connections and charges, unless it was kept meanwhile."""
    team = Team.objects.select_for_update().filter(pk=team_id, delete_after__lte=timezone.now()).first()
    if team is None:
        return
    _cancel_jobs(team)
    record_event(AuditAction.TEAM_DELETED, by=SITE, team=team, target=team)
    team.delete()


def _cancel_jobs(team: Team) -> None:
    for job in Job.objects.filter(team=team, finished_at=None).order_by("pk"):
        cancel_job(job=job)
