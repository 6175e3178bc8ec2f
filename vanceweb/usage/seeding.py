"""Made-up charges of a team, for tests and measurements: as many as wanted, in seconds.

The figures are those of a team of eight that works on weekdays, rests at night, is busiest before Christmas and grows
by a quarter a year. What is made up is marked by its connections' names and by people who can't sign in.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from random import Random
from typing import Any, cast
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password
from django.db import connection as database
from django.db import transaction
from django.db.models import Field
from django.utils import timezone

from vanceweb.catalogue.features import FEATURES
from vanceweb.catalogue.step_serialisation import to_json
from vanceweb.catalogue.steps import Step
from vanceweb.jobs.models import Job
from vanceweb.teams.models import Membership, Role, Team, User
from vanceweb.usage.models import WORKFLOW, Match, UsageRecord
from vanceweb.vault.models import Connection

DAYS = 3 * 365
# Rows of one statement, which keep the memory flat.
ROWS_AT_ONCE = 20_000
# The latest charges whose jobs are made, too; those of the others count as deleted.
MOST_JOBS = 20_000
JOBS_AT_ONCE = 500
NAMES = ("ada", "bela", "chloe", "dmitri", "emeka", "fumiko", "greta", "hassan")
# How much of the work each does, and of which feature it is, in the catalogue's order: a few do most.
PEOPLE_WEIGHTS = (30, 22, 16, 12, 8, 6, 4, 2)
FEATURE_WEIGHTS = (30, 14, 9, 3, 4, 15, 3, 6, 4, 3, 2, 2, 2, 1, 6)
WEEKDAY_WEIGHTS = (1.0, 1.1, 1.15, 1.05, 0.85, 0.15, 0.1)
HOUR_WEIGHTS = (1, 1, 0, 0, 0, 1, 3, 9, 28, 44, 50, 46, 22, 34, 48, 50, 44, 30, 14, 8, 6, 6, 4, 2)
GROWTH_A_YEAR = 1.25
FOREIGN_PART = 0.01
WORKFLOW_PART = 0.06
FAILED_PART = 0.03
# The connections: the name's part, its service, the part of the charges, whether it is private.
PLANS = (
    ("Studio plan", Connection.Service.HOSTED, 0.55, False),
    ("Archive plan", Connection.Service.HOSTED, 0.40, False),
    ("Own plan", Connection.Service.HOSTED, 0.05, True),
)
# The part of the charges that the bundled engine takes, where the team has it.
BUNDLED_PART = 0.35
# A grant lasts for two months of charges at the mean rate of the three years, so that balances run out in sight.
GRANT_DAYS = 60
SMALLEST_GRANT = 100
COLUMNS = (
    "team_id", "created_by_id", "private_to_id", "connection_id", "connection_name", "point_type", "job", "info",
    "points", "balance", "job_uuid", "match", "is_corrected", "feature", "created_at", "service_time", "day", "hour",
    "occurrence", "place",
)  # fmt: skip


@dataclass
class _Plan:
    """A connection, with the place and the balance of its last charge."""

    connection: Connection
    weight: float
    grant: Decimal = Decimal(SMALLEST_GRANT)
    place: int = 0
    balance: Decimal = Decimal(0)


@dataclass
class _Charge:
    plan: _Plan
    person: User | None
    feature: str
    module: str
    points: Decimal
    moment: datetime
    local: datetime
    job_uuid: UUID | None
    number: int


@dataclass
class _Seeder:
    team: Team
    rows: int
    random: Random
    people: list[User] = field(default_factory=list)
    plans: list[_Plan] = field(default_factory=list)

    def fill(self) -> None:
        self.people = [_create_person(self.team, name) for name in NAMES]
        self.plans = _create_plans(self.team, self.people[0])
        total = sum(plan.weight for plan in self.plans)
        for plan in self.plans:
            amount = round(self.rows * plan.weight / total * GRANT_DAYS / DAYS)
            plan.grant = Decimal(max(SMALLEST_GRANT, amount))
        latest: list[_Charge] = []
        charges = self._iterate_charges(latest)
        with database.cursor() as cursor:
            statement = _build_statement()
            while batch := [_to_row(self.team, charge) for charge in islice(charges, ROWS_AT_ONCE)]:
                cursor.executemany(statement, batch)
        _create_jobs(self.team, latest[-MOST_JOBS:], self.random)
        for plan in self.plans:
            _set_balance(plan)

    def _iterate_charges(self, latest: list[_Charge]) -> Iterator[_Charge]:
        zone = ZoneInfo(self.team.time_zone)
        now = timezone.now()
        days = [now.astimezone(zone).date() - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
        number = 0
        for day, amount in zip(days, _divide_rows(self.rows, days), strict=True):
            moments = sorted(self._choose_moments(day, amount, zone, now))
            for moment in moments:
                number += 1
                charge = self._make_charge(moment, moment.astimezone(zone), number)
                if charge.job_uuid is not None:
                    latest.append(charge)
                    if len(latest) > 2 * MOST_JOBS:
                        del latest[:-MOST_JOBS]
                yield charge

    def _choose_moments(self, day: date, amount: int, zone: ZoneInfo, now: datetime) -> Iterator[datetime]:
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
        for hour in self.random.choices(range(24), HOUR_WEIGHTS, k=amount):
            second = self.random.randrange(3600)
            moment = midnight.replace(hour=hour, minute=second // 60, second=second % 60).astimezone(UTC)
            # Today isn't over yet.
            yield moment if moment <= now else now - timedelta(seconds=second)

    def _make_charge(self, moment: datetime, local: datetime, number: int) -> _Charge:
        plan = self.random.choices(self.plans, [plan.weight for plan in self.plans])[0]
        feature = self.random.choices(FEATURES, FEATURE_WEIGHTS)[0]
        is_private = plan.connection.private_to_id is not None
        person: User | None = self.people[0] if is_private else self.random.choices(self.people, PEOPLE_WEIGHTS)[0]
        points, slug = feature.credits, feature.slug
        job_uuid: UUID | None = UUID(int=self.random.getrandbits(128), version=4)
        chance = self.random.random()
        if chance < FOREIGN_PART and not plan.connection.is_bundled:
            person, job_uuid = None, None
        elif chance < FOREIGN_PART + WORKFLOW_PART:
            points, slug = 2 * points, WORKFLOW
        plan.place += 1
        if plan.balance < points:
            plan.balance += plan.grant
        plan.balance -= points
        return _Charge(plan, person, slug, feature.module, points, moment, local, job_uuid, number)


@transaction.atomic
def make_charges(team: Team, *, rows: int, seed: int = 1) -> None:
    """Store `rows` charges of the last three years, and the jobs of the latest ones. The sums are left to rebuild."""
    # Neither two teams nor two calls make the same jobs.
    stored = UsageRecord.objects.filter(team=team).count()
    _Seeder(team, rows, Random(f"{seed} {team.slug} {stored}")).fill()  # noqa: S311 - made-up figures


def update_statistics() -> None:
    """Have PostgreSQL count what is stored now: its own rounds come later, and plans without counts are slow."""
    if database.vendor == "postgresql":
        with database.cursor() as cursor:
            cursor.execute("ANALYZE")


def _create_person(team: Team, name: str) -> User:
    """Return a member of the team who can't sign in."""
    defaults = {"is_active": False, "password": make_password(None)}
    user, _is_new = User.objects.get_or_create(username=f"{name}-{team.slug}"[:150], defaults=defaults)
    Membership.objects.get_or_create(team=team, user=user, defaults={"role": Role.MEMBER})
    return user


def _create_plans(team: Team, person: User) -> list[_Plan]:
    """Return the team's bundled engine, if it has one, and connections to a service that doesn't exist."""
    plans = []
    for name, service, part, is_private in PLANS:
        connection, _is_new = Connection.objects.without_token().get_or_create(
            team=team,
            name=f"{name} (made up)",
            private_to=person if is_private else None,
            defaults={
                "service": service,
                # A name that no one can have (RFC 2606), and a check that isn't due: nobody is asked.
                "base_url": "https://made-up.invalid/web_api/v1",
                "token": "made-up",
                "check_state": Connection.CheckState.FAILED,
                "history_changed_at": None,
                "created_by": person,
                "keeper": person,
            },
        )
        plans.append(_Plan(connection, part))
    bundled = Connection.objects.without_token().bundled().filter(team=team).first()
    if bundled is not None:
        plans.append(_Plan(bundled, BUNDLED_PART))
    return plans


def _divide_rows(rows: int, days: list[date]) -> list[int]:
    """Return the number of charges of each day, which add up to `rows`."""
    weights = [
        WEEKDAY_WEIGHTS[day.weekday()]
        # Most before Christmas, fewest in summer.
        * (1 + 0.3 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 335) / 365))
        * GROWTH_A_YEAR ** (place / 365)
        for place, day in enumerate(days)
    ]
    total, reached, amounts = sum(weights), 0.0, []
    for weight in weights:
        before, reached = reached, reached + weight
        amounts.append(round(rows * reached / total) - round(rows * before / total))
    amounts[-1] += rows - sum(amounts)
    return amounts


def _build_statement() -> str:
    quote = database.ops.quote_name
    columns, places = ", ".join(map(quote, COLUMNS)), ", ".join(["%s"] * len(COLUMNS))
    # Nothing in it comes from outside.
    return f"INSERT INTO {quote(UsageRecord._meta.db_table)} ({columns}) VALUES ({places})"  # noqa: S608


def _to_row(team: Team, charge: _Charge) -> tuple[Any, ...]:
    plan, connection = charge.plan, charge.plan.connection
    service = charge.moment.astimezone(ZoneInfo(connection.time_zone)).replace(tzinfo=UTC)
    name = f"scan-{charge.number:07}.jpg" if charge.job_uuid is None else f"{charge.job_uuid.hex}.jpg"
    return (
        team.pk,
        None if charge.person is None else charge.person.pk,
        connection.private_to_id,
        connection.pk,
        connection.name,
        "download",
        charge.module,
        name,
        database.ops.adapt_decimalfield_value(charge.points, 20, 3),
        database.ops.adapt_decimalfield_value(plan.balance, 20, 3),
        _prepare_value("job_uuid", charge.job_uuid),
        (Match.FOREIGN if charge.job_uuid is None else Match.MATCHED).value,
        False,
        charge.feature,
        database.ops.adapt_datetimefield_value(charge.moment),
        database.ops.adapt_datetimefield_value(service),
        database.ops.adapt_datefield_value(charge.local.date()),
        charge.local.hour,
        1,
        plan.place,
    )


def _prepare_value(name: str, value: Any) -> Any:
    column = cast("Field[Any, Any]", UsageRecord._meta.get_field(name))
    return column.get_db_prep_value(value, database)


def _create_jobs(team: Team, charges: Iterable[_Charge], random: Random) -> None:
    jobs = (_build_job(team, charge, random) for charge in charges)
    while batch := list(islice(jobs, JOBS_AT_ONCE)):
        Job.objects.bulk_create(batch)


def _build_job(team: Team, charge: _Charge, random: Random) -> Job:
    """Return the ended job of a charge. Some have failed after they were charged."""
    connection = charge.plan.connection
    seconds = random.lognormvariate(1.5, 0.6)
    steps = [Step(charge.module, {})] * (2 if charge.feature == WORKFLOW else 1)
    return Job(
        uuid=charge.job_uuid or uuid4(),
        team=team,
        created_by=charge.person,
        private_to_id=connection.private_to_id,
        connection=connection,
        connection_name=connection.name,
        source_name=f"photo-{charge.number:07}.jpg",
        steps=to_json(steps),
        feature=charge.module,
        credits=charge.points,
        state=Job.State.FAILED if random.random() < FAILED_PART else Job.State.DONE,
        work_seconds=seconds,
        created_at=charge.moment - timedelta(seconds=seconds + 5),
        submitted_at=charge.moment - timedelta(seconds=seconds + 5),
        finished_at=charge.moment,
        not_before=None,
    )


def _set_balance(plan: _Plan) -> None:
    if not plan.connection.is_bundled:
        Connection.objects.filter(pk=plan.connection.pk).update(
            granted=plan.grant, used=plan.grant - plan.balance, checked_at=timezone.now()
        )
