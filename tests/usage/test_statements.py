"""The monthly statement of a team."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.test import Client

from tests.conftest import as_actor, get_bundled
from tests.factories import make_hosted_connection
from vanceweb.budgets.prices import set_price
from vanceweb.teams.models import User
from vanceweb.usage.models import Match, UsageRecord
from vanceweb.usage.service_times import build_times
from vanceweb.usage.statements import compute_statement, read_month
from vanceweb.usage.sums import recompute_days

STATEMENT = "/t/studio/usage/statement/"


def charge(user: User | None, moment: datetime, balance: int, *, team_of: User, private: bool = False) -> UsageRecord:
    connection = get_bundled(team_of)
    row = UsageRecord.objects.create(
        team=connection.team,
        created_by=user,
        private_to=user if private else None,
        connection=connection,
        connection_name=connection.name,
        point_type="download",
        job="denoise",
        info="",
        points=2,
        balance=balance,
        match=Match.MATCHED if user else Match.FOREIGN,
        feature="denoise",
        **build_times(moment, service_zone="UTC", team_zone="UTC"),
    )
    recompute_days(team_id=row.team_id, days=[row.day])
    return row


@pytest.fixture
def january(alice: User, bob: User) -> date:
    """January 2026, with credits granted on the 15th."""
    make_hosted_connection(alice)
    charge(alice, datetime(2025, 12, 31, 23), 100, team_of=alice)
    charge(alice, datetime(2026, 1, 1), 98, team_of=alice)
    charge(bob, datetime(2026, 1, 14), 96, team_of=alice)
    charge(None, datetime(2026, 1, 31, 23, 59), 194, team_of=alice)
    charge(bob, datetime(2026, 1, 20), 50, team_of=alice, private=True)
    charge(alice, datetime(2026, 2, 1), 192, team_of=alice)
    return date(2026, 1, 1)


def test_it_sums_up_the_teams_charges_of_the_month(january: date, alice: User) -> None:
    statement = compute_statement(as_actor(alice), january)
    assert statement.total == Decimal(6)
    people = {share.entry.name: share.credits for share in statement.by_person.rows}
    assert people == {"alice": 2, "bob": 2, "Not from here": 2}
    assert [table.total for _title, _head, table in statement.tables] == [6, 6, 6]
    assert statement.is_complete


def test_balances_are_those_of_the_last_charges_before_its_ends(january: date, alice: User) -> None:
    [line] = compute_statement(as_actor(alice), january).balances
    assert (line.opening, line.spent, line.closing, line.added) == (100, 6, 194, 100)
    [line] = compute_statement(as_actor(alice), date(2025, 12, 1)).balances
    assert (line.opening, line.spent, line.closing, line.added) == (None, 2, 100, None)


def test_members_get_the_sums_without_the_names_of_others(january: date, bob: User) -> None:
    people = [share.entry.name for share in compute_statement(as_actor(bob), january).by_person.rows]
    assert people == ["Others", "bob", "Not from here"]


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("2026-01", date(2026, 1, 1)),
        ("", date(2026, 3, 1)),
        ("2026-13", date(2026, 3, 1)),
        ("2026-01-05", date(2026, 3, 1)),
        ("2999-01", date(2026, 3, 1)),
    ],
)
def test_another_month_than_one_that_was_is_the_current_one(text: str, month: date) -> None:
    assert read_month(text, datetime(2026, 3, 9, tzinfo=UTC).date()) == month


def test_the_page_names_the_month_and_offers_the_others(january: date, alice: User, client: Client) -> None:
    client.force_login(alice)
    page = client.get(STATEMENT, {"month": "2026-01"}).content.decode()
    assert "January 2026" in page
    assert all(f'value="{month}"' in page for month in ("2025-12", "2026-01", "2026-02"))
    assert 'value="2025-11"' not in page


def test_credits_of_paid_services_cost_what_they_cost_on_their_day(january: date, alice: User) -> None:
    plan = make_hosted_connection(alice, name="Paid plan", private_to_id=None)
    for day, price in ((date(2025, 12, 1), "0.10"), (date(2026, 1, 15), "0.20")):
        set_price(actor=as_actor(alice), price=Decimal(price), currency="EUR", valid_from=day)
    assert compute_statement(as_actor(alice), january).costs == {}, "the bundled engine costs nothing"
    for moment in (datetime(2026, 1, 14), datetime(2026, 1, 15)):
        row = charge(alice, moment, 90, team_of=alice)
        UsageRecord.objects.filter(pk=row.pk).update(connection=plan)
        recompute_days(team_id=row.team_id, days=[row.day])
    assert compute_statement(as_actor(alice), january).costs == {"EUR": Decimal("0.60")}
