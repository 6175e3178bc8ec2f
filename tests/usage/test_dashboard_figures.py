"""The dashboard's figures equal an independent recomputation from the rows, and show each what they may see."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.http import Http404
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.conftest import as_actor, get_bundled
from tests.factories import ENLARGE, make_job
from tests.usage.random_charges import get_local_day, get_local_hour, make_random_charges
from vanceweb.catalogue.steps import Step
from vanceweb.teams.models import User
from vanceweb.usage.figures.dashboard import Dashboard, Shares, compute_dashboard
from vanceweb.usage.figures.entries import EntryKind
from vanceweb.usage.figures.filters import Dimension, Filters, UsageScope, read_dimension, read_filters
from vanceweb.usage.figures.heat_map import build_heat_map
from vanceweb.usage.figures.periods import Bucket, Period
from vanceweb.usage.models import WORKFLOW, Match, UsageRecord
from vanceweb.usage.record_search import find_records
from vanceweb.vault.models import Connection

pytestmark = pytest.mark.django_db
NOTHING = Decimal(0)
TODAY = date(2026, 11, 28)
PERIODS = [
    Period(date(2026, 1, 1), date(2026, 12, 1)),
    Period(date(2026, 3, 10), date(2026, 10, 26)),
    Period(date(2026, 3, 29), date(2026, 3, 30)),
    Period(date(2026, 10, 20), date(2026, 11, 5)),
]


def add_up(rows: Iterable[UsageRecord]) -> Decimal:
    return sum((row.points for row in rows), NOTHING)


class Rows:
    """The rows of a team's history, and its figures in plain Python."""

    def __init__(self, rows: list[UsageRecord], zone: str) -> None:
        self.zone = zone
        self.counted = [row for row in rows if row.withdrawn_at is None]

    def find(self, period: Period, keep: Callable[[UsageRecord], bool]) -> list[UsageRecord]:
        return [row for row in self.counted if keep(row) and period.start <= get_local_day(row, self.zone) < period.end]


def get_entry_name(row: UsageRecord, by: Dimension) -> Any:
    if row.match == Match.FOREIGN:
        return "foreign"
    names = {
        Dimension.FEATURE: row.feature,
        Dimension.PERSON: row.created_by_id,
        Dimension.CONNECTION: row.connection_id,
    }
    return names[by]


def read_shares(shares: Shares) -> list[tuple[Decimal, Decimal]]:
    return sorted((share.credits, share.before) for share in shares.rows)


def assert_equal(board: Dashboard, rows: Rows, keep: Callable[[UsageRecord], bool]) -> None:
    period = board.period
    now, before = rows.find(period, keep), rows.find(period.before, keep)
    assert board.tiles.spent.now == board.bars.total == add_up(now)
    assert board.tiles.spent.before == add_up(before)
    assert board.tiles.foreign.now == add_up(row for row in now if row.match == Match.FOREIGN)
    own = add_up(row for row in now if row.match != Match.FOREIGN)
    if board.tiles.jobs:
        assert board.tiles.cost_per_picture.now == own / board.tiles.jobs
    for place, start in enumerate(board.bars.starts):
        end = board.bars.bucket.get_next(start)
        inside = [row for row in now if start <= get_local_day(row, rows.zone) < end]
        assert board.bars.totals[place] == add_up(inside)
        assert sum((series.credits[place] for series in board.bars.series), NOTHING) == add_up(inside)
    for shares in (board.by_feature, board.by_person, board.by_connection):
        names = {get_entry_name(row, shares.by) for row in now}
        expected = [
            (
                add_up(row for row in now if get_entry_name(row, shares.by) == name),
                add_up(row for row in before if get_entry_name(row, shares.by) == name),
            )
            for name in names
        ]
        assert read_shares(shares) == sorted(expected)
        assert sum((share.credits for share in shares.rows), NOTHING) == shares.total == add_up(now)


@pytest.mark.parametrize("seed", range(3))
def test_figures_equal_the_rows(seed: int, alice: User, bob: User, admin: User, charlie: User) -> None:
    random = Random(seed)
    stored = make_random_charges(random, [alice, bob, admin], 400)
    call_command("rebuild_usage", stdout=StringIO())
    actor = as_actor(alice)
    rows = Rows(stored, actor.team.time_zone)
    for period in PERIODS:
        shared = Connection.objects.get(team=actor.team, name="Shared")
        for filters, keep in [
            (Filters(), lambda row: row.private_to_id is None),
            (Filters(feature="denoise"), lambda row: row.private_to_id is None and row.feature == "denoise"),
            (Filters(person=bob), lambda row: row.private_to_id is None and row.created_by_id == bob.pk),
            (Filters(connections=(shared.uuid,)), lambda row, key=shared.pk: row.connection_id == key),
        ]:
            board = compute_dashboard(
                actor, period, filters, TODAY, bucket=random.choice(list(Bucket)), by=random.choice(list(Dimension))
            )
            assert_equal(board, rows, keep)
    own = compute_dashboard(as_actor(bob), PERIODS[0], Filters(scope=UsageScope.PRIVATE), TODAY)
    assert_equal(own, rows, lambda row: row.private_to_id == bob.pk)
    assert compute_dashboard(actor, PERIODS[0], Filters(scope=UsageScope.PRIVATE), TODAY).tiles.spent.now == 0


@pytest.mark.usefixtures("postgresql")
def test_figures_equal_the_rows_on_postgresql(transactional_db: None, request: pytest.FixtureRequest) -> None:
    people = [request.getfixturevalue(name) for name in ("alice", "bob", "admin")]
    stored = make_random_charges(Random(5), people, 400)
    call_command("rebuild_usage", stdout=StringIO())
    actor = as_actor(people[0])
    rows = Rows(stored, actor.team.time_zone)
    for period in PERIODS:
        for bucket in Bucket:
            for by in Dimension:
                board = compute_dashboard(actor, period, Filters(), TODAY, bucket=bucket, by=by)
                assert_equal(board, rows, lambda row: row.private_to_id is None)
    assert_heat_equal(board, rows)


def assert_heat_equal(board: Dashboard, rows: Rows) -> None:
    now = rows.find(board.period, lambda row: row.private_to_id is None)
    for heat_row in board.heat_map.rows:
        for cell in heat_row.cells:
            place = heat_row.weekday, cell.hour
            assert cell.credits == add_up(
                row for row in now if (get_local_day(row, rows.zone).weekday(), get_local_hour(row, rows.zone)) == place
            )


def test_the_heat_map_equals_the_rows(alice: User, bob: User) -> None:
    stored = make_random_charges(Random(3), [alice, bob], 300)
    call_command("rebuild_usage", stdout=StringIO())
    board = compute_dashboard(as_actor(alice), PERIODS[0], Filters(), TODAY)
    assert_heat_equal(board, Rows(stored, as_actor(alice).team.time_zone))
    assert not board.heat_map.ignores_filters
    assert compute_dashboard(as_actor(alice), PERIODS[0], Filters(person=bob), TODAY).heat_map.ignores_filters


def test_levels_are_fifths_of_the_largest() -> None:
    sums = {(0, 0): Decimal("0.001"), (0, 1): Decimal(20), (0, 2): Decimal("20.001"), (6, 23): Decimal(100)}
    heat = build_heat_map(sums)
    assert [cell.level for cell in heat.rows[0].cells[:4]] == [1, 1, 2, 0]
    assert heat.rows[6].cells[23].level == 5
    assert {cell.level for row in build_heat_map({}).rows for cell in row.cells} == {0}


def test_members_see_sums_and_themselves(alice: User, bob: User, viewer: User, admin: User) -> None:
    make_random_charges(Random(2), [alice, bob, admin], 200)
    call_command("rebuild_usage", stdout=StringIO())
    everything = compute_dashboard(as_actor(alice), PERIODS[0], Filters(), TODAY, by=Dimension.PERSON)
    for user, named in ((alice, {"alice", "bob", "admin"}), (admin, {"alice", "bob", "admin"}), (bob, {"bob"})):
        board = compute_dashboard(as_actor(user), PERIODS[0], Filters(), TODAY, by=Dimension.PERSON)
        ones = {share.entry.name for share in board.by_person.rows if share.entry.kind == EntryKind.ONE}
        assert ones == named
        assert {series.entry.name for series in board.bars.series if series.entry.kind == EntryKind.ONE} == named
        assert board.tiles.spent == everything.tiles.spent
        assert board.bars.total == everything.bars.total
    board = compute_dashboard(as_actor(viewer), PERIODS[0], Filters(), TODAY, by=Dimension.PERSON)
    assert [share.entry.kind for share in board.by_person.rows] == [EntryKind.COLLEAGUES, EntryKind.FOREIGN]


def test_the_largest_seven_have_a_series_of_their_own(alice: User, bob: User) -> None:
    rows = make_random_charges(Random(2), [alice, bob], 200)
    for place, row in enumerate(rows):
        row.feature = f"feature {place % 12}"
        row.points = Decimal(place % 12 + 1)
    UsageRecord.objects.bulk_update(rows, ["feature", "points"])
    call_command("rebuild_usage", stdout=StringIO())
    bars = compute_dashboard(as_actor(alice), PERIODS[0], Filters(), TODAY).bars
    assert [series.entry.kind for series in bars.series] == [EntryKind.ONE] * 7 + [EntryKind.REST, EntryKind.FOREIGN]
    totals = [series.total for series in bars.series[:7]]
    assert totals == sorted(totals, reverse=True)


def test_the_number_of_queries_stays(
    alice: User, bob: User, admin: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in (1, 200):
        make_random_charges_once_more(number, [alice, bob, admin])
        actor = as_actor(alice)
        for bucket in Bucket:
            for by in Dimension:
                with django_assert_num_queries(7):
                    compute_dashboard(actor, PERIODS[1], Filters(), TODAY, bucket=bucket, by=by)


def make_random_charges_once_more(number: int, people: list[User]) -> None:
    UsageRecord.objects.all().delete()
    Connection.objects.exclude(service="bundled").delete()
    make_random_charges(Random(number), people, number)
    # A row of each, so that every name is asked for.
    UsageRecord.objects.filter(private_to=None).update(match=Match.MATCHED, created_by=people[1], withdrawn_at=None)
    UsageRecord.objects.update(day=PERIODS[1].start)
    call_command("rebuild_usage", stdout=StringIO())


def test_balances_and_the_bundled_engines_savings(alice: User, bob: User) -> None:
    stored = make_random_charges(Random(4), [alice, bob], 200)
    call_command("rebuild_usage", stdout=StringIO())
    bundled = get_bundled(alice)
    board = compute_dashboard(as_actor(alice), PERIODS[0], Filters(), TODAY)
    shared = [row for row in stored if row.withdrawn_at is None and row.connection_id == bundled.pk]
    assert board.tiles.saved.now == add_up(shared)
    assert board.tiles.left == bundled.balance
    assert {row.connection.name for row in board.tiles.balances} == {bundled.name, "Shared"}
    own = compute_dashboard(as_actor(bob), PERIODS[0], Filters(scope=UsageScope.PRIVATE), TODAY)
    assert [row.connection.name for row in own.tiles.balances] == ["Own"]
    assert own.tiles.left is None


def test_jobs_by_feature(alice: User, bob: User) -> None:
    for seconds in (1.0, 2.0, 30.0):
        make_job(alice, source=None, result=None, work_seconds=seconds)
    make_job(bob, source=None, state="failed")
    make_job(alice, source=None, state="cancelled")
    make_job(alice, source=None, result=None, steps=(ENLARGE, Step("denoise", {})), work_seconds=9.0)
    make_job(alice, source=None, state="failed", finished_at=timezone.now() - timedelta(days=40))
    today = timezone.now().date()
    period = Period(today - timedelta(days=29), today + timedelta(days=1))
    figures = compute_dashboard(as_actor(alice), period, Filters(), today).jobs
    enlarge, workflow = figures.features
    assert (enlarge.entry.key, enlarge.done, enlarge.failed) == ("enlarge3", 3, 1)
    assert (enlarge.success_percent, enlarge.median_seconds) == (75.0, 2.0)
    assert (workflow.entry.key, workflow.done, workflow.median_seconds) == (WORKFLOW, 1, 9.0)
    assert figures.is_complete
    bobs = compute_dashboard(as_actor(alice), period, Filters(person=bob), today).jobs
    assert [(row.entry.key, row.success_percent, row.median_seconds) for row in bobs.features] == [
        ("enlarge3", 0.0, None)
    ]
    chosen = compute_dashboard(as_actor(alice), period, Filters(feature=WORKFLOW), today).jobs
    assert [row.entry.key for row in chosen.features] == [WORKFLOW]


def test_filters_go_to_an_address_and_back(alice: User, bob: User) -> None:
    actor, rows = as_actor(alice), find_records(as_actor(alice))
    for filters in (
        Filters(),
        Filters(UsageScope.PRIVATE, "denoise", bob, (uuid4(), uuid4())),
        Filters(person=alice),
        Filters(feature="a name, of the service"),
    ):
        assert read_filters(filters.to_query(), actor, rows) == filters


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"scope": "all"}, "scope"),
        ({"feature": "x" * 41}, "feature"),
        ({"feature": "\0"}, "feature"),
        ({"connection": "1"}, "connection"),
        ({"connection": ",".join(str(uuid4()) for _ in range(51))}, "connection"),
    ],
)
def test_wrong_filters_are_told(query: dict[str, str], field: str, alice: User) -> None:
    with pytest.raises(ValidationError) as caught:
        read_filters(query, as_actor(alice), find_records(as_actor(alice)))
    assert list(caught.value.message_dict) == [field]


def test_people_and_connections_of_others_cannot_be_asked_for(alice: User, bob: User, charlie: User) -> None:
    actor = as_actor(bob)
    assert read_filters({"person": "me"}, actor, find_records(actor)).person == bob
    with pytest.raises(PermissionDenied):
        read_filters({"person": "alice"}, actor, find_records(actor))
    with pytest.raises(Http404):
        read_filters({"person": "charlie"}, actor, find_records(actor))
    foreign = get_bundled(charlie)
    with pytest.raises(Http404):
        compute_dashboard(actor, PERIODS[0], Filters(connections=(foreign.uuid,)), TODAY)


def test_the_division_is_checked() -> None:
    assert read_dimension("") == Dimension.FEATURE
    with pytest.raises(ValidationError):
        read_dimension("planet")
