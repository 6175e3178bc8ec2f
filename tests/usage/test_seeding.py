"""`seed_usage` fills a team with believable charges, and only one without charges of its own."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.conftest import as_actor
from tests.factories import make_charge
from tests.usage.test_rebuilding import assert_sums_equal_rows
from vanceweb.jobs.models import Job
from vanceweb.teams.models import User
from vanceweb.usage.figures.dashboard import compute_dashboard
from vanceweb.usage.figures.filters import Filters
from vanceweb.usage.figures.periods import Preset, build_preset, get_today
from vanceweb.usage.models import Match, UsageRecord
from vanceweb.usage.service_times import build_times

pytestmark = pytest.mark.django_db


def seed(rows: int, **options: object) -> str:
    answer = StringIO()
    call_command("seed_usage", rows=rows, team="studio", stdout=answer, **options)
    return answer.getvalue()


def test_the_charges_are_believable(alice: User) -> None:
    team = as_actor(alice).team
    team.time_zone = "America/New_York"
    team.save()
    assert "3000 charges in" in seed(3000)
    rows = list(UsageRecord.objects.select_related("connection"))
    assert len(rows) == 3000
    for row in rows:
        times = build_times(row.created_at.replace(tzinfo=None), service_zone="UTC", team_zone="America/New_York")
        assert (row.day, row.hour, row.service_time) == (times["day"], times["hour"], times["service_time"])
        assert row.created_at <= timezone.now()
    weekdays = Counter(row.day.weekday() for row in rows)
    assert weekdays[1] > 3 * weekdays[6]
    assert len({row.feature for row in rows}) > 10
    assert len({row.created_by_id for row in rows}) > 6
    assert len({row.connection_id for row in rows}) == 4
    assert 5 < sum(row.match == Match.FOREIGN for row in rows) < 100
    assert all((row.created_by_id is None) == (row.match == Match.FOREIGN) for row in rows)
    assert all(row.private_to_id == row.connection.private_to_id for row in rows)
    assert_sums_equal_rows(rows, "America/New_York")
    assert Job.objects.count() == sum(row.job_uuid is not None for row in rows)


def test_the_dashboard_shows_them(alice: User) -> None:
    seed(3000)
    actor = as_actor(alice)
    today = get_today(actor.team)
    board = compute_dashboard(actor, build_preset(Preset.MONTHS_12, today), Filters(), today)
    assert board.tiles.spent.now
    assert board.tiles.spent.before
    assert board.tiles.saved.now
    assert board.tiles.foreign.now
    assert board.tiles.left is not None
    assert board.tiles.run_out.on is not None
    assert board.jobs.features[0].median_seconds
    assert board.tiles.run_out.on > today + timedelta(days=1)


def test_a_team_with_charges_is_refused_unless_forced(alice: User) -> None:
    make_charge(alice)
    with pytest.raises(CommandError, match="--force"):
        seed(100)
    seed(100, force=True)
    seed(100, force=True)
    assert UsageRecord.objects.count() == 201
    with pytest.raises(CommandError, match="no team"):
        call_command("seed_usage", team="nowhere")
    for rows in (0, 10**9):
        with pytest.raises(CommandError, match="--rows"):
            seed(rows)


def test_nobody_can_sign_in_and_nothing_is_asked(alice: User) -> None:
    seed(10)
    people = User.objects.exclude(pk=alice.pk)
    assert people.count() == 8
    assert not any(person.is_active or person.has_usable_password() for person in people)
    connection = as_actor(alice).team.pk
    assert Decimal(0) < UsageRecord.objects.filter(team=connection).latest("created_at").balance


@pytest.mark.usefixtures("postgresql")
def test_charges_are_stored_on_postgresql(transactional_db: None, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("alice")
    seed(500)
    assert_sums_equal_rows(list(UsageRecord.objects.all()), "UTC")
