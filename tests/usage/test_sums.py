"""The sums by day, hour and month."""

from collections import Counter
from decimal import Decimal

import pytest

from tests.factories import make_charge, make_private
from vanceweb.teams.models import User
from vanceweb.usage.models import UsageDay, UsageHour, UsageMonth, UsageRecord
from vanceweb.usage.sums import recompute_days

pytestmark = pytest.mark.django_db


def recompute_all(user: User) -> None:
    days = set(UsageRecord.objects.values_list("day", flat=True))
    recompute_days(team_id=user.memberships.get().team_id, days=days)


def test_sums_equal_the_rows(alice: User) -> None:
    for number in range(60):
        make_charge(alice, minutes_ago=number * 600)
    make_private(make_charge(alice), alice)
    recompute_all(alice)
    recompute_all(alice)
    by_day: Counter[object] = Counter()
    by_month: Counter[object] = Counter()
    by_hour: Counter[object] = Counter()
    for row in UsageRecord.objects.all():
        by_day[row.day, row.private_to_id] += row.points
        by_month[row.day.replace(day=1), row.private_to_id] += row.points
        by_hour[row.day, row.hour, row.private_to_id] += row.points
    assert {(row.day, row.private_to_id): row.credits for row in UsageDay.objects.all()} == by_day
    assert {(row.month, row.private_to_id): row.credits for row in UsageMonth.objects.all()} == by_month
    assert {(row.day, row.hour, row.private_to_id): row.credits for row in UsageHour.objects.all()} == by_hour


def test_a_day_without_rows_has_no_sums_left(alice: User) -> None:
    charge = make_charge(alice)
    recompute_all(alice)
    assert UsageDay.objects.get().credits == Decimal(1)
    team = charge.team_id
    UsageRecord.objects.all().delete()
    recompute_days(team_id=team, days=[charge.day])
    assert not UsageDay.objects.exists()
    assert not UsageMonth.objects.exists()
    assert not UsageHour.objects.exists()
