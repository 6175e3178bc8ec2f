"""Factories for a user's objects, without any worker: pictures, jobs in every state, connections and charges."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, BinaryIO
from uuid import uuid4

from django.utils import timezone

from tests.conftest import as_actor, get_bundled, make_picture_file
from vanceweb.catalogue.features import calculate_credits, get_feature_by_module
from vanceweb.catalogue.step_serialisation import to_json
from vanceweb.catalogue.steps import Step
from vanceweb.gallery.models import Asset, Origin
from vanceweb.gallery.services import prepare_result, save_asset, store_upload
from vanceweb.gallery.thumbnails import make_thumbnails
from vanceweb.jobs.models import Job
from vanceweb.teams.models import Team, TeamOwned, User
from vanceweb.usage.models import UsageAlert, UsageExport, UsageRecord
from vanceweb.usage.service_times import build_times
from vanceweb.vault.models import Connection


def make_upload(
    user: User, *, name: str = "holiday.png", width: int = 24, height: int = 16, file: BinaryIO | None = None
) -> Asset:
    """Create an uploaded picture with its thumbnails: `file`, or else a gradient."""
    asset = store_upload(actor=as_actor(user), file=file or make_picture_file(width, height), name=name)
    make_thumbnails(asset.blob_id)
    asset.refresh_from_db()
    return asset


def make_result(
    user: User, *, name: str = "holiday.png", width: int = 48, height: int = 32, file: BinaryIO | None = None
) -> Asset:
    """Create a picture that is the result of a job: `file`, or else a gradient."""
    asset = prepare_result(
        ownership=as_actor(user).own(),
        file=file or make_picture_file(width, height),
        name=name,
        uuid=uuid4(),
        origin=Origin(),
    )
    save_asset(asset)
    return asset


HELD_REASON = "The budget is used up."
ENLARGE = Step("enlarge3", {"scale": 2, "suppress_noise": 40, "remove_blur": 60})


def make_job(user: User, *, state: str = Job.State.DONE, steps: Sequence[Step] = (ENLARGE,), **fields: Any) -> Job:
    """Create a job on the user's bundled connection. A done job has a result; a held job was queued."""
    connection = get_bundled(user)
    source = fields.pop("source") if "source" in fields else make_upload(user)
    if "result" not in fields:
        fields["result"] = make_result(user) if state == Job.State.DONE else None
    given: dict[str, Any] = {
        "connection": connection,
        "connection_name": connection.name,
        "steps": to_json(steps),
        "feature": get_feature_by_module(steps[-1].module).slug,
        "output": {"quality": None, "dpi": None, "format": None, "background": None},
        "credits": calculate_credits(steps),
        "finished_at": timezone.now() if state in Job.ENDED else None,
        "resume_state": Job.State.QUEUED if state == Job.State.HELD else "",
        "held_reason": HELD_REASON if state == Job.State.HELD else "",
    }
    return Job.objects.create(
        **as_actor(user).own().to_fields(),
        source=source,
        source_name=source.name if source else "holiday.png",
        state=state,
        **given | fields,
    )


def make_charge(user: User, *, minutes_ago: int = 0) -> UsageRecord:
    """Create a row of the history."""
    connection = get_bundled(user)
    moment = timezone.now() - timedelta(minutes=minutes_ago)
    return UsageRecord.objects.create(
        **as_actor(user).own().to_fields(),
        connection=connection,
        connection_name=connection.name,
        point_type="download",
        job="enlarge3",
        info="holiday_x2.png",
        points=Decimal(1),
        balance=Decimal(999 - minutes_ago),
        feature="enlarge3",
        **build_times(moment.replace(tzinfo=None), service_zone="UTC", team_zone="UTC"),
    )


def make_alert(connection: Connection, **fields: Any) -> UsageAlert:
    """Create an open alert about charges from elsewhere."""
    given = {"since": timezone.now() - timedelta(days=7), "credits": Decimal(12), "rows": 12, "percent": 40}
    return UsageAlert.objects.create(connection=connection, **given | fields)


def make_export(user: User, *, team: Team | None = None, **fields: Any) -> UsageExport:
    """Create an export of the history that waits for a worker, of the user's team or another of theirs."""
    return UsageExport.objects.create(
        team=team or as_actor(user).team,
        created_by=user,
        private_to=user,
        **{"expires_at": timezone.now() + timedelta(days=1)} | fields,
    )


def make_hosted_connection(user: User, *, name: str = "Studio plan", **fields: Any) -> Connection:
    """Create a connection to the hosted service whose token hasn't been checked yet."""
    return Connection.objects.create(
        name=name,
        service=Connection.Service.HOSTED,
        base_url="https://api.example/web_api/v1",
        token="0123456789abcdef",
        token_last4="cdef",
        **as_actor(user).own(private=True).to_fields() | {"keeper": user} | fields,
    )


def make_private(row: TeamOwned, user: User) -> None:
    """Make a row private to the user."""
    type(row)._default_manager.filter(pk=row.pk).update(private_to=user)
    row.refresh_from_db()
