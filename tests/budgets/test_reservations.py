"""The credits that jobs reserve, settle and release, and what counts on which budget."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from tests.conftest import as_actor, get_bundled
from tests.factories import make_hosted_connection
from vanceweb.budgets.models import Budget, Reservation
from vanceweb.budgets.periods import start_month
from vanceweb.budgets.reservations import (
    Expense,
    correct_settlement,
    count_foreign,
    release_reservations,
    reserve,
    settle_reservation,
)
from vanceweb.budgets.services import BudgetValues, create_budget
from vanceweb.budgets.spent_credits import Spent, find_available_credits, measure_budgets
from vanceweb.teams.models import Team, User
from vanceweb.vault.models import Connection

MONTH, TOTAL = Budget.Period.MONTH, Budget.Period.TOTAL


def make_budget(alice: User, credits: int, **values: Any) -> Budget:
    return create_budget(actor=as_actor(alice), values=BudgetValues(credits=Decimal(credits), **values))


def build(user: User, connection: Connection, credits: int = 1, **fields: Any) -> Expense:
    return Expense(
        **{
            "job_uuid": uuid4(),
            "team_id": connection.team_id,
            "person_id": user.pk,
            "connection": connection,
            "credits": Decimal(credits),
        }
        | fields
    )


def measure(budget: Budget) -> Spent:
    return measure_budgets([budget], Team.objects.get(pk=budget.team_id).time_zone)[budget.pk]


def get_state(job_uuid: UUID) -> tuple[str, Decimal]:
    row = Reservation.objects.get(job_uuid=job_uuid)
    return row.state, row.settled


def test_a_job_is_reserved_then_settled(alice: User, bundled: Connection) -> None:
    budget, expense = make_budget(alice, 3), build(alice, bundled, 2)
    assert reserve(expenses=[expense]) is None
    assert measure(budget) == Spent(Decimal(0), Decimal(2))
    assert reserve(expenses=[expense]) is None, "it is reserved already"
    settle_reservation(job_uuid=expense.job_uuid)
    assert measure(budget) == Spent(Decimal(2), Decimal(0))
    settle_reservation(job_uuid=expense.job_uuid)
    assert measure(budget) == Spent(Decimal(2), Decimal(0)), "and settled once"


def test_a_job_that_would_exceed_a_budget_reserves_nothing_on_any(alice: User, bundled: Connection) -> None:
    wide, narrow = make_budget(alice, 100), make_budget(alice, 1, person=alice)
    assert reserve(expenses=[build(alice, bundled, 2)]) == narrow
    assert [measure(budget).committed for budget in (wide, narrow)] == [0, 0]
    assert reserve(expenses=[build(alice, bundled, 2)], may_exceed=True) is None
    assert [measure(budget).committed for budget in (wide, narrow)] == [2, 2]


def test_released_credits_are_free_again(alice: User, bundled: Connection) -> None:
    make_budget(alice, 1)
    first = build(alice, bundled)
    assert reserve(expenses=[first]) is None
    assert reserve(expenses=[build(alice, bundled)]) is not None
    release_reservations(job_uuids=[first.job_uuid])
    assert reserve(expenses=[build(alice, bundled)]) is None
    assert reserve(expenses=[first]) is not None, "the job that reserves again finds no room"


def test_jobs_count_on_the_budgets_of_their_person_and_connection_only(
    alice: User, bob: User, bundled: Connection
) -> None:
    other = make_hosted_connection(alice, private_to_id=None)
    budgets = [
        make_budget(alice, 9),
        make_budget(alice, 9, person=alice),
        make_budget(alice, 9, person=bob),
        make_budget(alice, 9, connection=bundled),
        make_budget(alice, 9, connection=other),
        make_budget(alice, 9, period=TOTAL),
    ]
    reserve(expenses=[build(bob, bundled)])
    assert [measure(budget).committed for budget in budgets] == [1, 0, 1, 1, 0, 1]
    together = measure_budgets(budgets, "UTC")
    assert [together[budget.pk].committed for budget in budgets] == [1, 0, 1, 1, 0, 1]


def test_a_private_connection_counts_on_no_budget(alice: User, bob: User) -> None:
    budget, own = make_budget(alice, 1), make_hosted_connection(bob)
    assert reserve(expenses=[build(bob, own, 50)]) is None
    assert measure(budget).committed == 0
    own.granted, own.used = Decimal(60), Decimal(0)
    assert find_available_credits([own]) == {own.pk: Decimal(10)}


def test_several_jobs_reserve_as_a_whole(alice: User, bundled: Connection) -> None:
    budget = make_budget(alice, 5)
    assert reserve(expenses=[build(alice, bundled) for _ in range(6)]) == budget
    assert Reservation.objects.count() == 0
    assert reserve(expenses=[build(alice, bundled) for _ in range(5)]) is None
    assert measure(budget).reserved == 5


def test_a_month_ends_at_midnight_in_the_zone_of_the_team(alice: User, bundled: Connection) -> None:
    budget, total = make_budget(alice, 9), make_budget(alice, 9, period=TOTAL)
    Budget.objects.update(created_at=timezone.now() - timedelta(days=400))
    total.refresh_from_db()
    zone = "Pacific/Auckland"
    Team.objects.update(time_zone=zone)
    start = start_month(timezone.now(), zone)
    assert (start.day, start.hour) == (1, 0)
    for moment in (start - timedelta(seconds=1), start):
        expense = build(alice, bundled)
        reserve(expenses=[expense])
        correct_settlement(job_uuid=expense.job_uuid, credits=Decimal(1), charged_at=moment)
    reserve(expenses=[build(alice, bundled)])
    assert measure(budget) == Spent(Decimal(1), Decimal(1)), "what is reserved counts in the present month"
    assert measure(total) == Spent(Decimal(2), Decimal(1))


def test_months_of_a_zone_with_summer_time() -> None:
    moment = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
    assert start_month(moment, "Europe/Berlin") == datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
    assert start_month(moment, "UTC") == datetime(2026, 10, 1, tzinfo=UTC)
    assert start_month(datetime(2026, 10, 31, 22, 59, tzinfo=UTC), "Europe/Berlin").astimezone(UTC) == datetime(
        2026, 9, 30, 22, 0, tzinfo=UTC
    )


class TestCorrection:
    def test_the_history_corrects_what_was_settled(self, alice: User, bundled: Connection) -> None:
        budget, expense = make_budget(alice, 9), build(alice, bundled)
        reserve(expenses=[expense])
        settle_reservation(job_uuid=expense.job_uuid)
        assert correct_settlement(job_uuid=expense.job_uuid, credits=Decimal("1.5"))
        assert not correct_settlement(job_uuid=expense.job_uuid, credits=Decimal("1.5"))
        assert measure(budget) == Spent(Decimal("1.5"), Decimal(0))

    def test_a_charge_settles_what_is_reserved_and_what_was_released(self, alice: User, bundled: Connection) -> None:
        budget, reserved, released = make_budget(alice, 9), build(alice, bundled), build(alice, bundled)
        reserve(expenses=[reserved, released])
        release_reservations(job_uuids=[released.job_uuid])
        for expense in (reserved, released):
            correct_settlement(job_uuid=expense.job_uuid, credits=Decimal(1))
        assert measure(budget) == Spent(Decimal(2), Decimal(0))
        settle_reservation(job_uuid=reserved.job_uuid)
        assert measure(budget).used == 2, "the result that arrives afterwards costs nothing more"

    def test_a_download_that_goes_on_is_charged_once(self, alice: User, bundled: Connection) -> None:
        budget, expense = make_budget(alice, 1), build(alice, bundled)
        reserve(expenses=[expense])
        correct_settlement(job_uuid=expense.job_uuid, credits=Decimal(1))
        again = build(alice, bundled, job_uuid=expense.job_uuid, continues=True)
        assert reserve(expenses=[again]) is None
        assert measure(budget) == Spent(Decimal(1), Decimal(0))

    def test_a_job_that_starts_over_after_a_charge_reserves_again(self, alice: User, bundled: Connection) -> None:
        budget, expense = make_budget(alice, 9), build(alice, bundled)
        reserve(expenses=[expense])
        correct_settlement(job_uuid=expense.job_uuid, credits=Decimal(1))
        assert reserve(expenses=[expense]) is None
        assert measure(budget) == Spent(Decimal(1), Decimal(1))
        correct_settlement(job_uuid=expense.job_uuid, credits=Decimal(1), charged_at=timezone.now())
        assert get_state(expense.job_uuid) == ("reserved", 1), "the row of the first attempt, read again"
        release_reservations(job_uuids=[expense.job_uuid])
        assert (get_state(expense.job_uuid), measure(budget).used) == (("settled", 1), 1)

    def test_a_job_without_a_reservation_is_left_alone(self, alice: User) -> None:
        assert not correct_settlement(job_uuid=uuid4(), credits=Decimal(1))


class TestForeign:
    def test_foreign_credits_count_on_the_connection_only(self, alice: User, bundled: Connection) -> None:
        team, own = make_budget(alice, 9), make_budget(alice, 9, connection=bundled)
        month = timezone.now().date().replace(day=1)
        for credits in (5, 4):
            count_foreign(connection=bundled, month=month, credits=Decimal(credits))
        count_foreign(connection=bundled, month=date(2020, 1, 1), credits=Decimal(50))
        assert (measure(team).used, measure(own).used) == (0, 4)
        assert reserve(expenses=[build(alice, bundled, 6)]) == own

    def test_a_budget_in_all_counts_foreign_credits_from_its_beginning(self, alice: User, bundled: Connection) -> None:
        month = timezone.now().date().replace(day=1)
        count_foreign(connection=bundled, month=month, credits=Decimal(7))
        budget = make_budget(alice, 9, connection=bundled, period=TOTAL)
        assert measure(budget).used == 0
        count_foreign(connection=bundled, month=month, credits=Decimal(9))
        assert measure(budget).used == 2


def test_what_is_left_is_the_balance_less_what_it_doesnt_know_of(alice: User) -> None:
    connection = get_bundled(alice)
    Connection.objects.update(granted=10, used=4, checked_at=timezone.now())
    connection.refresh_from_db()
    reserved, settled, known = (build(alice, connection) for _ in range(3))
    reserve(expenses=[reserved, settled, known])
    settle_reservation(job_uuid=settled.job_uuid)
    correct_settlement(job_uuid=known.job_uuid, credits=Decimal(1), charged_at=timezone.now() - timedelta(hours=1))
    assert find_available_credits([connection]) == {connection.pk: Decimal(4)}
    assert find_available_credits([connection], without_job=reserved.job_uuid) == {connection.pk: Decimal(5)}
    Connection.objects.update(granted=None)
    connection.refresh_from_db()
    assert find_available_credits([connection]) == {connection.pk: None}


@pytest.mark.parametrize("budgets", [1, 12])
def test_measuring_many_budgets_takes_two_queries(
    alice: User, bundled: Connection, budgets: int, django_assert_num_queries: Any
) -> None:
    reserve(expenses=[build(alice, bundled) for _ in range(20)])
    rows = [Budget(team=as_actor(alice).team, connection=bundled, credits=9, pk=pk + 1) for pk in range(budgets)]
    with django_assert_num_queries(2):
        assert {spent.committed for spent in measure_budgets(rows, "UTC").values()} == {20}
