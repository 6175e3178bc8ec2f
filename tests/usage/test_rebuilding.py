"""The sums equal the rows, recomputed in plain Python, and `rebuild_usage` makes them so again."""

from io import StringIO
from random import Random
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.conftest import as_actor
from tests.usage.random_charges import get_local_day, get_local_hour, make_random_charges, sum_up
from vanceweb.teams.models import User
from vanceweb.usage.models import Match, UsageDay, UsageHour, UsageMonth, UsageRecord

pytestmark = pytest.mark.django_db


def get_group(row: UsageRecord) -> tuple[Any, ...]:
    is_foreign = row.match == Match.FOREIGN
    return row.private_to_id, row.connection_id, row.connection_name, row.feature, row.created_by_id, is_foreign


def read_sums(model: Any, period: str) -> dict[Any, tuple[Any, ...]]:
    rows = {}
    for row in model.objects.all():
        group = row.private_to_id, row.connection_id, row.connection_name, row.feature, row.person_id, row.is_foreign
        assert (getattr(row, period), *group) not in rows
        rows[getattr(row, period), *group] = row.credits, row.rows, row.jobs
    return rows


def assert_sums_equal_rows(rows: list[UsageRecord], zone: str) -> None:
    assert read_sums(UsageDay, "day") == sum_up(rows, lambda row: (get_local_day(row, zone), *get_group(row)))
    assert read_sums(UsageMonth, "month") == sum_up(
        rows, lambda row: (get_local_day(row, zone).replace(day=1), *get_group(row))
    )
    hours = {(row.day, row.hour, row.private_to_id): (row.credits, row.rows) for row in UsageHour.objects.all()}
    expected = sum_up(rows, lambda row: (get_local_day(row, zone), get_local_hour(row, zone), row.private_to_id))
    assert hours == {key: (credits, number) for key, (credits, number, _jobs) in expected.items()}


@pytest.mark.parametrize("seed", range(5))
def test_the_sums_equal_the_rows(seed: int, alice: User, bob: User, admin: User, charlie: User) -> None:
    rows = make_random_charges(Random(seed), [alice, bob, admin], 400)
    zone = as_actor(alice).team.time_zone
    call_command("rebuild_usage", stdout=StringIO())
    assert_sums_equal_rows(rows, zone)
    # Sums that are wrong, and those of days without rows, are put right.
    UsageDay.objects.update(credits=7)
    UsageHour.objects.update(rows=0)
    gone = set(UsageRecord.objects.order_by("day").values_list("day", flat=True)[:50])
    UsageRecord.objects.filter(day__in=gone).delete()
    call_command("rebuild_usage", team="studio", stdout=StringIO())
    assert_sums_equal_rows([row for row in rows if row.day not in gone], zone)


@pytest.mark.usefixtures("postgresql")
def test_the_sums_equal_the_rows_on_postgresql(transactional_db: None, request: pytest.FixtureRequest) -> None:
    people = [request.getfixturevalue(name) for name in ("alice", "bob", "admin")]
    rows = make_random_charges(Random(11), people, 400)
    call_command("rebuild_usage", stdout=StringIO())
    assert_sums_equal_rows(rows, as_actor(people[0]).team.time_zone)


def test_sums_of_months_without_any_row_go(alice: User, bob: User) -> None:
    make_random_charges(Random(1), [alice, bob], 20)
    call_command("rebuild_usage", stdout=StringIO())
    UsageRecord.objects.all().delete()
    call_command("rebuild_usage", stdout=StringIO())
    assert not UsageDay.objects.exists()
    assert not UsageMonth.objects.exists()
    assert not UsageHour.objects.exists()


def test_other_teams_sums_stay(alice: User, bob: User, charlie: User) -> None:
    make_random_charges(Random(1), [alice, bob], 20)
    call_command("rebuild_usage", team=as_actor(charlie).team.slug, stdout=StringIO())
    assert not UsageDay.objects.exists()
    with pytest.raises(CommandError):
        call_command("rebuild_usage", team="nowhere", stdout=StringIO())
