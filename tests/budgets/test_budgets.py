"""Setting, changing and deleting budgets: who may, what is recorded, and what the pages show."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from tests.conftest import as_actor, get_bundled
from tests.factories import make_hosted_connection, make_private
from vanceweb.budgets.models import Budget, CreditPrice, Reservation
from vanceweb.budgets.prices import compute_cost, delete_price, list_prices, set_price
from vanceweb.budgets.queries import list_budgets
from vanceweb.budgets.reservations import count_foreign
from vanceweb.budgets.services import BudgetValues, change_budget, create_budget, delete_budget
from vanceweb.teams.models import AuditAction, AuditEvent, User
from vanceweb.vault.models import Connection

BUDGETS = "/t/studio/usage/budgets/"
PRICES = "/t/studio/usage/prices/"


def make_budget(alice: User, credits: int, **values: Any) -> Budget:
    return create_budget(actor=as_actor(alice), values=BudgetValues(credits=Decimal(credits), **values))


def add_charge(person: User, connection: Connection, credits: int, *, days_ago: int = 0) -> None:
    Reservation.objects.create(
        job_uuid=uuid4(),
        team_id=connection.team_id,
        connection=connection,
        person=person,
        is_shared=True,
        credits=credits,
        settled=credits,
        settled_at=timezone.now() - timedelta(days=days_ago),
        state=Reservation.State.SETTLED,
    )


def test_every_change_is_in_the_audit_log(admin: User, alice: User) -> None:
    actor = as_actor(admin)
    budget = create_budget(actor=actor, values=BudgetValues(credits=Decimal(5), person=alice))
    change_budget(actor=actor, budget=budget, credits=Decimal(5))
    change_budget(actor=actor, budget=budget, credits=Decimal("7.5"))
    delete_budget(actor=actor, budget=budget)
    price = set_price(actor=actor, price=Decimal("0.1"), currency="eur", valid_from=date(2026, 1, 1))
    delete_price(actor=actor, row=price)
    events = AuditEvent.objects.filter(person_name="admin", action__startswith="trust.").order_by("pk")
    assert [(event.action, event.target_name, event.details) for event in events] == [
        (AuditAction.BUDGET_CREATED, "alice", {"credits": "5", "period": "month"}),
        (AuditAction.BUDGET_CHANGED, "alice", {"credits": "7.5", "old_credits": "5.000", "period": "month"}),
        (AuditAction.BUDGET_DELETED, "alice", {"credits": "7.5", "period": "month"}),
        (AuditAction.CREDIT_PRICE_SET, "0.1 EUR", {"price": "0.1 EUR", "since": "2026-01-01"}),
        (AuditAction.CREDIT_PRICE_DELETED, "0.1 EUR", {"price": "0.1 EUR", "since": "2026-01-01"}),
    ]


def test_members_change_nothing(alice: User, bob: User, viewer: User) -> None:
    budget = make_budget(alice, 5)
    price = set_price(actor=as_actor(alice), price=Decimal(1), currency="EUR", valid_from=date(2026, 1, 1))
    for person in (bob, viewer):
        actor = as_actor(person)
        for act in (
            lambda actor=actor: create_budget(actor=actor, values=BudgetValues(credits=Decimal(1), person=bob)),
            lambda actor=actor: change_budget(actor=actor, budget=budget, credits=Decimal(9)),
            lambda actor=actor: delete_budget(actor=actor, budget=budget),
            lambda actor=actor: set_price(actor=actor, price=Decimal(1), currency="EUR", valid_from=date.today()),
            lambda actor=actor: delete_price(actor=actor, row=price),
        ):
            with pytest.raises(PermissionDenied):
                act()


def test_what_no_budget_can_be_of(alice: User, bob: User, charlie: User) -> None:
    own = make_hosted_connection(bob)
    elsewhere = get_bundled(charlie)
    for values in ({"person": charlie}, {"connection": own}, {"connection": elsewhere}):
        with pytest.raises(ValidationError):
            make_budget(alice, 5, **values)
    with pytest.raises(ValidationError, match="not both"):
        make_budget(alice, 5, person=bob, connection=get_bundled(alice))
    make_budget(alice, 5, person=bob)
    make_budget(alice, 5, person=bob, period=Budget.Period.TOTAL)
    with pytest.raises(ValidationError, match="already"):
        make_budget(alice, 6, person=bob)


def test_a_member_sees_the_budgets_that_concern_them(
    alice: User, bob: User, admin: User, viewer: User, bundled: Connection
) -> None:
    shared = make_hosted_connection(alice, private_to_id=None)
    make_budget(alice, 9)
    make_budget(alice, 9, person=bob)
    make_budget(alice, 9, person=alice)
    make_budget(alice, 9, connection=bundled)
    make_budget(alice, 9, connection=shared)
    make_private(shared, alice)
    seen = {
        person.username: [row.budget.subject for row in list_budgets(as_actor(person))]
        for person in (alice, bob, admin, viewer)
    }
    assert seen == {
        "alice": ["The whole team", "Bundled engine", "alice", "bob"],
        "bob": ["The whole team", "Bundled engine", "bob"],
        "admin": ["The whole team", "Bundled engine", "alice", "bob"],
        "viewer": ["The whole team", "Bundled engine"],
    }


def test_the_parts_of_the_bar_never_leave_it(alice: User, bundled: Connection) -> None:
    make_budget(alice, 4)
    parts = []
    for _ in range(5):
        add_charge(alice, bundled, 1)
        (row,) = list_budgets(as_actor(alice))
        parts.append((row.used_percent, row.percent, row.left, row.is_nearly_used_up, row.is_used_up))
    assert parts == [
        (25, 25, 3, False, False),
        (50, 50, 2, False, False),
        (75, 75, 1, False, False),
        (100, 100, 0, False, True),
        (100, 125, 0, False, True),
    ]
    Reservation.objects.update(state="reserved", settled=0, settled_at=None)
    (row,) = list_budgets(as_actor(alice))
    assert (row.used_percent, row.reserved_percent) == (0, 100)


class TestPrices:
    def test_each_charge_costs_the_price_of_its_day(self, alice: User, bundled: Connection) -> None:
        make_budget(alice, 99, period=Budget.Period.TOTAL)
        Budget.objects.update(created_at=timezone.now() - timedelta(days=100))
        today = timezone.now().date()
        for days_ago, price, currency in ((60, "0.5", "USD"), (30, "0.1", "EUR"), (10, "0.2", "EUR")):
            day = today - timedelta(days=days_ago)
            set_price(actor=as_actor(alice), price=Decimal(price), currency=currency, valid_from=day)
        for days_ago in (90, 50, 20, 5, 0):
            add_charge(alice, bundled, 2, days_ago=days_ago)
        (row,) = list_budgets(as_actor(alice))
        assert row.costs == {"USD": Decimal("1.00"), "EUR": Decimal("1.00")}
        assert set(row.cost_text.split(" + ")) == {"1.00 USD", "1.00 EUR"}
        prices = list_prices(as_actor(alice).team)
        days = {today - timedelta(days=days_ago): Decimal(2) for days_ago in (90, 50, 20, 5, 0)}
        assert compute_cost(prices, days) == {"USD": Decimal("1.0"), "EUR": Decimal("1.0")}

    def test_foreign_credits_cost_the_present_price(self, alice: User, bundled: Connection) -> None:
        make_budget(alice, 99, connection=bundled)
        today = timezone.now().date()
        set_price(actor=as_actor(alice), price=Decimal("0.25"), currency="EUR", valid_from=today)
        count_foreign(connection=bundled, month=today.replace(day=1), credits=Decimal(6))
        (row,) = list_budgets(as_actor(alice))
        assert (row.spent.foreign, row.costs) == (6, {"EUR": Decimal("1.50")})

    def test_a_price_of_the_same_day_replaces_it(self, alice: User) -> None:
        for price in ("1", "2"):
            set_price(actor=as_actor(alice), price=Decimal(price), currency="EUR", valid_from=date(2026, 1, 1))
        assert CreditPrice.objects.get().price == 2
        with pytest.raises(ValidationError):
            set_price(actor=as_actor(alice), price=Decimal(1), currency="€uR", valid_from=date(2026, 1, 1))


class TestPages:
    @pytest.fixture
    def visitor(self, alice: User, client: Client) -> Client:
        client.force_login(alice)
        return client

    def test_a_budget_is_set_changed_and_deleted(self, visitor: Client, alice: User, bundled: Connection) -> None:
        values = {"subject": f"connection-{bundled.uuid}", "period": "month", "credits": "12.5"}
        assert visitor.post(f"{BUDGETS}add/", values).status_code == 302
        budget = Budget.objects.get()
        assert (budget.connection, budget.credits) == (bundled, Decimal("12.5"))
        assert visitor.post(f"{BUDGETS}add/", values).status_code == 422
        add_charge(alice, bundled, 11)
        page = " ".join(visitor.get(BUDGETS).content.decode().split())
        assert "Bundled engine" in page
        assert "88 % used or reserved" in page
        assert "Nearly used up" in page
        assert visitor.post(f"{BUDGETS}{budget.uuid}/", {"credits": "0"}).status_code == 422
        assert visitor.post(f"{BUDGETS}{budget.uuid}/", {"credits": "20"}).status_code == 302
        assert visitor.get(f"{BUDGETS}{budget.uuid}/delete/").status_code == 200
        assert visitor.post(f"{BUDGETS}{budget.uuid}/delete/").status_code == 302
        assert not Budget.objects.exists()
        assert visitor.get(f"{BUDGETS}{budget.uuid}/").status_code == 404

    def test_a_member_finds_no_buttons(self, alice: User, bob: User, client: Client) -> None:
        budget = make_budget(alice, 5)
        client.force_login(bob)
        page = client.get(BUDGETS).content.decode()
        assert "The whole team" in page
        assert f"{BUDGETS}{budget.uuid}/" not in page
        assert "Set a budget" not in page

    def test_prices(self, visitor: Client) -> None:
        values = {"price": "0.08", "currency": "eur", "valid_from": "2026-01-01"}
        assert visitor.post(PRICES, values).status_code == 302
        assert visitor.post(PRICES, values | {"currency": "12"}).status_code == 422
        page = visitor.get(PRICES).content.decode()
        assert "0.08 EUR" in page
        price = CreditPrice.objects.get()
        assert visitor.post(f"{PRICES}{price.pk}/delete/").status_code == 302
        assert not CreditPrice.objects.exists()

    @pytest.mark.parametrize("number", [1, 20])
    def test_the_page_takes_as_many_queries_for_many_budgets(
        self, visitor: Client, alice: User, number: int, django_assert_num_queries: Any
    ) -> None:
        team = as_actor(alice).team
        set_price(actor=as_actor(alice), price=Decimal(1), currency="EUR", valid_from=date(2020, 1, 1))
        for index in range(number):
            row = make_hosted_connection(alice, name=f"Plan {index}", private_to_id=None)
            Budget.objects.create(team=team, connection=row, credits=9)
            add_charge(alice, row, 8)
        visitor.get(BUDGETS)
        # The session, the person and their teams; tokens that are refused; the budgets, what counts on them,
        # foreign credits, the prices and the cost.
        with django_assert_num_queries(9):
            visitor.get(BUDGETS)
