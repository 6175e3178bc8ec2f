"""Credits: charged once, never below zero, in an append-only ledger; tested with real threads and databases."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import IntegrityError, connections, transaction

from tests.engine.conftest import Caller
from vanceweb.engine.accounts import create_account, find_account
from vanceweb.engine.ledger import InsufficientCredits, charge_download, grant_credits
from vanceweb.engine.models import Account, LedgerEntry, LedgerIsAppendOnly, Transform

Make = Callable[..., Transform]


def charge_concurrently(transforms: list[Transform]) -> list[bool | None]:
    """Charge all at the same time, each in its own thread: charged, charged before, or refused (None)."""
    start = threading.Barrier(len(transforms))

    def charge(transform: Transform) -> bool | None:
        try:
            start.wait(timeout=20)
            return charge_download(transform=transform)
        except InsufficientCredits:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(transforms)) as pool:
        return list(pool.map(charge, transforms))


def check_books(account: Account) -> None:
    """Check that the account and its ledger agree, entry by entry."""
    account.refresh_from_db()
    balance = Decimal(0)
    for entry in account.entries.order_by("pk"):
        balance += entry.points if entry.kind == LedgerEntry.Kind.GRANT else -entry.points
        assert entry.balance == balance >= 0
    assert account.balance == balance


class TestCharging:
    def test_a_download_is_charged_with_an_entry(self, alice: Caller, finished: Make) -> None:
        transform = finished(alice.account, cost=2)
        assert charge_download(transform=transform) is True
        entry = LedgerEntry.objects.charges().get()
        assert (entry.points, entry.balance, entry.job, entry.info) == (2, 8, "denoise", "photo-denoise.png")
        check_books(alice.account)

    def test_a_second_download_is_free(self, alice: Caller, finished: Make) -> None:
        transform = finished(alice.account)
        charge_download(transform=transform)
        assert charge_download(transform=transform) is False
        assert alice.account.balance == 9

    def test_too_few_credits_charge_nothing(self, alice: Caller, finished: Make) -> None:
        with pytest.raises(InsufficientCredits):
            charge_download(transform=finished(alice.account, cost=11))
        assert alice.account.balance == 10
        assert not LedgerEntry.objects.charges().exists()

    def test_the_last_credit_can_be_spent(self, alice: Caller, finished: Make) -> None:
        assert charge_download(transform=finished(alice.account, cost=10)) is True
        assert alice.account.balance == 0

    def test_granting_adds_up(self, alice: Caller) -> None:
        grant_credits(account=alice.account, credits=Decimal("0.5"))
        assert alice.account.balance == Decimal("10.5")
        check_books(alice.account)
        with pytest.raises(ValueError, match="more than 0"):
            grant_credits(account=alice.account, credits=Decimal(0))


class TestAppendOnly:
    def test_an_entry_is_never_changed_or_deleted(self, alice: Caller) -> None:
        entry = LedgerEntry.objects.get()
        entry.points = Decimal(1000)
        for attempt in (
            entry.save,
            entry.delete,
            LedgerEntry.objects.all().delete,
            lambda: LedgerEntry.objects.update(points=1000),
            lambda: LedgerEntry.objects.bulk_update([entry], ["points"]),
            lambda: LedgerEntry.objects.bulk_create([entry], update_conflicts=True),
            lambda: alice.account.entries.update(points=1000),
        ):
            with pytest.raises(LedgerIsAppendOnly):
                attempt()
        assert LedgerEntry.objects.get().points == 10

    def test_the_database_itself_refuses_a_second_charge_and_a_balance_below_zero(
        self, alice: Caller, finished: Make
    ) -> None:
        transform = finished(alice.account)
        charge_download(transform=transform)
        charge = {"account": alice.account, "kind": "download", "points": 1}
        with pytest.raises(IntegrityError), transaction.atomic():
            LedgerEntry.objects.create(**charge, trans_id=transform.trans_id, balance=8, place=2)
        with pytest.raises(IntegrityError), transaction.atomic():
            LedgerEntry.objects.create(**charge, trans_id="f" * 32, balance=-1, place=2)
        with pytest.raises(IntegrityError), transaction.atomic():
            Account.objects.update(used=11)


@pytest.mark.django_db(transaction=True)
class TestRace:
    def test_sixteen_downloads_of_one_result_are_charged_once(self, finished: Make) -> None:
        account = create_racing_account(5)
        transform = finished(account)
        assert sorted(charge_concurrently([transform] * 16), key=str) == [False] * 15 + [True]
        check_books(account)
        assert account.balance == 4

    def test_sixteen_downloads_of_several_results_spend_no_more_than_there_is(self, finished: Make) -> None:
        account = create_racing_account(5)
        outcomes = charge_concurrently([finished(account) for _ in range(8)] * 2)
        assert outcomes.count(True) == 5
        check_books(account)
        assert account.balance == 0


@pytest.mark.slow
@pytest.mark.usefixtures("postgresql")
class TestRaceOnPostgresql(TestRace):
    """The same with the locks of a database for many writers."""


def create_racing_account(credits: int) -> Account:
    account = find_account(create_account(name="Racer", credits=credits))
    assert account is not None
    return account
