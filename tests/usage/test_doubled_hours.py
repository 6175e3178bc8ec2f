"""The hour that clocks show twice, the one that they skip, and zones that are chosen later."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from tests.factories import make_charge, make_hosted_connection
from vanceweb.client import HistoryRow
from vanceweb.teams.models import AuditEvent, Team, User
from vanceweb.usage.doubled_hours import find_second_passes
from vanceweb.usage.history_store import Window, store_window
from vanceweb.usage.listed_history import PlacedRow
from vanceweb.usage.local_times import request_rebuild
from vanceweb.usage.models import HistorySync, UsageDay, UsageRebuild, UsageRecord
from vanceweb.usage.services import set_service_zone
from vanceweb.usage.sweeps import rebuild_usage
from vanceweb.vault.models import Connection

pytestmark = pytest.mark.django_db

BERLIN = "Europe/Berlin"
# The clocks of Berlin are put back from 03:00 to 02:00.
TIMES = ["01:59", "02:10", "02:50", "02:20", "02:55", "03:00"]
MOMENTS = ["23:59", "00:10", "00:50", "01:20", "01:55", "02:00"]


@pytest.fixture
def plan(bob: User) -> Connection:
    return make_hosted_connection(bob, private_to_id=None, check_state="ok", time_zone=BERLIN)


def store(plan: Connection, first: int, times: list[str], day: str = "2026-10-25") -> None:
    rows = [
        HistoryRow("download", "denoise", "x", Decimal(1), Decimal(9), datetime.fromisoformat(f"{day} {at}"))
        for at in times
    ]
    placed = [PlacedRow(place, row) for place, row in enumerate(rows, start=first)]
    state, _created = HistorySync.objects.get_or_create(connection=plan)
    store_window(state, Window(placed, floor=first - 1, is_top=True), complete_rows=placed[-1].place)


def list_moments() -> list[str]:
    moments = UsageRecord.objects.order_by("place").values_list("created_at", flat=True)
    return [moment.astimezone(UTC).strftime("%H:%M") for moment in moments]


@pytest.mark.parametrize("turns", [[6], [1, 5], [3, 3], [4, 2], [1, 1, 1, 1, 1, 1]])
def test_places_tell_the_two_passes_of_a_doubled_hour(plan: Connection, turns: list[int]) -> None:
    first = 0
    for rows in turns:
        store(plan, first + 1, TIMES[first : first + rows])
        first += rows
    assert list_moments() == MOMENTS


def test_rows_of_one_pass_are_taken_for_the_first(plan: Connection) -> None:
    store(plan, 1, ["02:10", "02:20"])
    assert list_moments() == ["00:10", "00:20"]


def test_clocks_of_servers_that_differ_by_seconds_are_no_second_pass() -> None:
    times = ["2026-10-25 02:10:30", "2026-10-25 02:10:05", "2026-10-25 02:30:00"]
    rows = [(place, datetime.fromisoformat(at)) for place, at in enumerate(times, start=1)]
    assert find_second_passes(rows, BERLIN) == {}


def test_a_time_that_clocks_skip_is_an_hour_later(plan: Connection) -> None:
    store(plan, 1, ["01:59", "02:30", "03:31"], day="2026-03-29")
    assert list_moments() == ["00:59", "01:30", "01:31"]


def test_a_zone_that_is_chosen_later_knows_both_passes(plan: Connection) -> None:
    Connection.objects.filter(pk=plan.pk).update(time_zone="UTC")
    store(plan, 1, TIMES)
    assert list_moments() == TIMES
    set_service_zone(connection=plan, zone=BERLIN)
    assert list_moments() == MOMENTS
    assert {day.day.isoformat(): day.rows for day in UsageDay.objects.all()} == {"2026-10-24": 1, "2026-10-25": 5}


def test_the_keeper_sets_zone_and_billing_day(
    client: Client, plan: Connection, alice: User, bob: User, charlie: User
) -> None:
    store(plan, 1, TIMES)
    address = f"/connections/{plan.uuid}/history/"
    given = {"time_zone": "Asia/Shanghai", "billing_day": "31"}
    for person, status in ((charlie, 404), (alice, 403), (bob, 302)):
        client.force_login(person)
        assert client.post(address, given).status_code == status
    plan.refresh_from_db()
    assert (plan.time_zone, plan.billing_day) == ("Asia/Shanghai", 31)
    assert AuditEvent.objects.filter(action="connection.history_changed").count() == 1
    for wrong in ({"time_zone": "Europe/Bonn"}, {"time_zone": BERLIN, "billing_day": "32"}):
        assert client.post(address, wrong).status_code == 422
    assert client.get(address).status_code == 200


def test_admins_set_the_teams_zone(client: Client, alice: User, bob: User, charlie: User) -> None:
    charge = make_charge(alice)
    UsageRecord.objects.update(created_at=datetime(2026, 7, 1, 23, 0, tzinfo=UTC), service_time="2026-07-01T23:00Z")
    for person, status in ((charlie, 404), (bob, 403), (alice, 302)):
        client.force_login(person)
        assert client.post("/t/studio/usage/time-zone/", {"time_zone": BERLIN}).status_code == status
    assert Team.objects.get(pk=charge.team_id).time_zone == BERLIN
    charge.refresh_from_db()
    assert (charge.day.isoformat(), charge.hour) == ("2026-07-02", 1)
    assert UsageDay.objects.get().day == charge.day
    assert AuditEvent.objects.filter(action="team.settings_changed").count() == 1
    assert client.post("/t/studio/usage/time-zone/", {"time_zone": "x"}).status_code == 422


def test_many_records_are_recomputed_by_the_sweeper(alice: User, monkeypatch: Any, client: Client) -> None:
    monkeypatch.setattr("vanceweb.usage.local_times.ROWS_AT_ONCE", 4)
    for number in range(10):
        make_charge(alice, minutes_ago=number)
    team = alice.memberships.get().team
    request_rebuild(team_id=team.pk)
    assert sum(day.rows for day in UsageDay.objects.all()) >= 4
    client.force_login(alice)
    assert "may be incomplete" in client.get("/t/studio/usage/time-zone/").content.decode()
    rebuild_usage()
    assert UsageRebuild.objects.exists()
    rebuild_usage()
    assert not UsageRebuild.objects.exists()
    assert sum(day.rows for day in UsageDay.objects.all()) == 10
