"""Charges of some months, as a team at work causes them."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.test import Client
from django.utils import timezone

from tests.conftest import PASSWORD, as_actor, get_bundled
from tests.factories import make_hosted_connection
from vanceweb.jobs.models import Job
from vanceweb.ops.services import create_person, set_up_installation
from vanceweb.teams.models import User
from vanceweb.usage.models import Match, UsageRecord
from vanceweb.usage.service_times import build_times
from vanceweb.usage.sums import recompute_days
from vanceweb.vault.models import Connection

DAYS = 120
# Features with their credits, and how often each is used.
WORK = (
    ("enlarge3", 1, 30), ("denoise", 1, 18), ("matting", 2, 16), ("sharpen3", 1, 12), ("img2anime", 3, 8),
    ("workflow", 3, 7), ("chainner", 2, 5), ("compress", 1, 4), ("deoldify2", 2, 3), ("animegan2", 1, 2),
)  # fmt: skip
# Of charges on hosted connections; the bundled engine names every job.
FOREIGN, DOUBTFUL = 0.05, 0.03


def make_charges_of_months(people: Sequence[User], connections: Sequence[Connection], jobs: Sequence[Job]) -> int:
    """Create the charges, most of them on working days, and their sums. Return their number.

    `people` work less the later they come. Matched charges name one of the `jobs`, if there are any.
    """
    chance = random.Random(16)
    owner, now = people[0], timezone.now()
    zone = as_actor(owner).team.time_zone
    balances = {connection.pk: Decimal(6000) for connection in connections}
    rows: list[UsageRecord] = []
    for age in range(DAYS, -1, -1):
        day = now - timedelta(days=age)
        usual = 1 if day.astimezone(ZoneInfo(zone)).weekday() > 4 else 9
        for _ in range(chance.randint(0, usual + (DAYS - age) // 20)):
            moment = day.replace(hour=min(23, max(0, round(chance.gauss(13, 3)))), minute=chance.randrange(60))
            rows.append(_build_charge(chance, people, connections, balances, jobs, min(moment, now), zone))
    rows.sort(key=lambda row: row.created_at)
    for number, row in enumerate(rows, start=1):
        row.place = number
    UsageRecord.objects.bulk_create(rows, batch_size=500)
    recompute_days(team_id=as_actor(owner).team.pk, days={row.day for row in rows})
    return len(rows)


def _build_charge(
    chance: random.Random,
    people: Sequence[User],
    connections: Sequence[Connection],
    balances: dict[int, Decimal],
    jobs: Sequence[Job],
    moment: datetime,
    zone: str,
) -> UsageRecord:
    connection = chance.choices(connections, [5 - min(4, place) for place in range(len(connections))])[0]
    feature, credits, _often = chance.choices(WORK, [often for _feature, _credits, often in WORK])[0]
    luck = 1.0 if connection.is_bundled else chance.random()
    match = Match.FOREIGN if luck < FOREIGN else Match.DOUBTFUL if luck < FOREIGN + DOUBTFUL else Match.MATCHED
    person = None if match == Match.FOREIGN else chance.choices(people, range(len(people), 0, -1))[0]
    job = chance.choice(jobs) if jobs and match == Match.MATCHED else None
    balances[connection.pk] -= credits
    return UsageRecord(
        team_id=connection.team_id,
        created_by=person,
        connection=connection,
        connection_name=connection.name,
        point_type="download",
        job=feature,
        info="holiday_x2.png" if job is None else f"{job.uuid.hex}_x2.png",
        job_uuid=job.uuid if job else None,
        points=Decimal(credits),
        balance=balances[connection.pk],
        match=match,
        feature=feature,
        occurrence=chance.randrange(2**30),
        **build_times(moment.replace(tzinfo=None), service_zone="UTC", team_zone=zone),
    )


def print_session() -> None:
    """Fill a new installation with a team at work, and print the key of its owner's session."""
    owner = set_up_installation(username="alice", password=PASSWORD, team_name="Studio")
    people = [owner]
    for name in ("bob", "ada"):
        create_person(actor=as_actor(owner), username=name, password=PASSWORD)
        people.append(User.objects.get(username=name))
    hosted = make_hosted_connection(owner, name="Yearly plan", granted=Decimal(6000), used=Decimal(4310))
    Connection.objects.filter(pk=hosted.pk).update(private_to=None, not_before=None)
    hosted.refresh_from_db()
    make_charges_of_months(people, [get_bundled(owner), hosted], [])
    client = Client()
    client.force_login(owner)
    print(client.cookies[settings.SESSION_COOKIE_NAME].value)  # noqa: T201
