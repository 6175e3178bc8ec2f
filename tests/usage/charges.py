"""Downloaded jobs and charges of a connection, for tests of their matching."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from tests.factories import make_job
from vanceweb.gallery.models import Asset
from vanceweb.jobs.models import Job
from vanceweb.teams.models import User
from vanceweb.usage.models import UsageRecord
from vanceweb.usage.service_times import build_times
from vanceweb.vault.models import Connection

# Some hours ago, at a full second.
MORNING = timezone.now().replace(microsecond=0) - timedelta(hours=20)


def make_downloaded_job(
    person: User, connection: Connection, source: Asset, *, second: float = 0, **fields: Any
) -> Job:
    """Create a done job of the person, downloaded on the connection `second` seconds after MORNING."""
    given = {"downloaded_at": MORNING + timedelta(seconds=second), "result": None, "source": source} | fields
    return make_job(person, connection=connection, connection_name=connection.name, **given)


def make_row(
    connection: Connection, *, second: float = 0, job: str = "enlarge3", moment: datetime | None = None, **fields: Any
) -> UsageRecord:
    """Create a row as the sync stores one that names no job, `second` seconds after MORNING or at `moment`."""
    moment = moment or MORNING + timedelta(seconds=second)
    given = {"info": f"{job}_SwJes_0.jpg", "points": Decimal(1), "balance": Decimal(100), "feature": job} | fields
    return UsageRecord.objects.create(
        team=connection.team,
        private_to=connection.private_to,
        connection=connection,
        connection_name=connection.name,
        point_type=given.pop("point_type", "download"),
        job=job,
        occurrence=UsageRecord.objects.count() + 1,
        **given,
        **build_times(moment.replace(tzinfo=None), service_zone=connection.time_zone, team_zone="UTC"),
    )
