"""Random charges of a team, and their sums computed from the rows in plain Python."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import timezone

from tests.conftest import as_actor, get_bundled
from tests.factories import make_hosted_connection
from vanceweb.teams.models import Team, User
from vanceweb.usage.models import WORKFLOW, Match, UsageRecord
from vanceweb.usage.service_times import build_times
from vanceweb.vault.models import Connection

ZONES = ("UTC", "Europe/Berlin", "America/Los_Angeles", "Pacific/Kiritimati", "Australia/Lord_Howe")
FEATURES = ("enlarge3", "denoise", "matting", WORKFLOW, "a name of the service")
# Nights in which clocks are put forward or back in some of the zones.
CHANGES = (date(2026, 3, 29), date(2026, 10, 25), date(2026, 3, 8), date(2026, 11, 1), date(2026, 4, 5))


def make_random_charges(random: Random, people: Sequence[User], number: int) -> list[UsageRecord]:
    """Store charges of the first person's team: of all kinds, in a zone of their own, some withdrawn or private."""
    owner, team = people[0], as_actor(people[0]).team
    team.time_zone = random.choice(ZONES)
    team.save()
    connections = [
        get_bundled(owner),
        make_hosted_connection(owner, name="Shared", private_to_id=None, time_zone=random.choice(ZONES)),
        make_hosted_connection(people[1], name="Own", time_zone=random.choice(ZONES)),
    ]
    jobs = [UUID(int=random.getrandbits(128)) for _ in range(max(1, number // 2))]
    rows = [_build_charge(random, team, people, connections, jobs, place) for place in range(number)]
    return UsageRecord.objects.bulk_create(rows)


def _build_charge(
    random: Random,
    team: Team,
    people: Sequence[User],
    connections: Sequence[Connection],
    jobs: Sequence[UUID],
    place: int,
) -> UsageRecord:
    connection = random.choice(connections)
    match = random.choices(list(Match), (8, 1, 2))[0]
    day = random.choice(CHANGES) if random.random() < 0.4 else date(2026, 1, 1) + timedelta(random.randrange(330))
    service_time = datetime(day.year, day.month, day.day) + timedelta(seconds=random.randrange(86400))
    person = connection.private_to or random.choice([*people, None])
    return UsageRecord(
        team=team,
        created_by=None if match == Match.FOREIGN else person,
        private_to=connection.private_to,
        connection=connection,
        connection_name=connection.name,
        point_type="download",
        job="enlarge3",
        info=f"{place}.png",
        points=Decimal(random.randrange(1, 5000)) / 1000,
        balance=Decimal(place),
        job_uuid=random.choice(jobs) if match == Match.MATCHED else None,
        match=match,
        feature=random.choice(FEATURES),
        withdrawn_at=timezone.now() if random.random() < 0.1 else None,
        **build_times(
            service_time,
            service_zone=connection.time_zone,
            team_zone=team.time_zone,
            fold=random.randrange(2),
        ),
    )


def get_local_day(row: UsageRecord, zone: str) -> date:
    """Return the date in the zone, from the moment of the charge alone."""
    return row.created_at.astimezone(UTC).astimezone(ZoneInfo(zone)).date()


def get_local_hour(row: UsageRecord, zone: str) -> int:
    """Return the hour in the zone, from the moment of the charge alone."""
    return row.created_at.astimezone(UTC).astimezone(ZoneInfo(zone)).hour


def sum_up(rows: Iterable[UsageRecord], get_key: Any) -> dict[Any, tuple[Decimal, int, int]]:
    """Return credits, rows and different jobs of the rows that still count, by what `get_key` returns for each."""
    groups: dict[Any, list[UsageRecord]] = defaultdict(list)
    for row in rows:
        if row.withdrawn_at is None:
            groups[get_key(row)].append(row)
    return {
        key: (sum((row.points for row in group), Decimal(0)), len(group), len({row.job_uuid for row in group} - {None}))
        for key, group in groups.items()
    }
