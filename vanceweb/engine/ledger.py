"""Grants and charges of credits. An account's balance and its ledger change together, under a lock."""

from decimal import Decimal

from django.db import transaction

from vanceweb.engine.models import Account, LedgerEntry, Transform


class InsufficientCredits(Exception):
    """The account has fewer credits than the result costs. Nothing was charged."""


def charge_download(*, transform: Transform) -> bool:
    """Charge the transform's cost to its account once. Return False if it was charged before.

    The account's row is locked first (on PostgreSQL by SELECT FOR UPDATE; on SQLite the transaction is immediate and
    locks the whole database), so the balance can't change between the check and the charge. Table constraints enforce
    the same rules. Raise InsufficientCredits.
    """
    with transaction.atomic():
        account = _lock(transform.account_id)
        if LedgerEntry.objects.filter(kind=LedgerEntry.Kind.DOWNLOAD, trans_id=transform.trans_id).exists():
            return False
        if account.balance < transform.cost:
            raise InsufficientCredits
        account.used += transform.cost
        account.charges += 1
        account.save(update_fields=["used", "charges"])
        LedgerEntry.objects.create(
            account=account,
            kind=LedgerEntry.Kind.DOWNLOAD,
            trans_id=transform.trans_id,
            job=transform.job,
            info=transform.result_name,
            points=transform.cost,
            balance=account.balance,
            place=account.charges,
        )
        return True


def grant_credits(*, account: Account, credits: Decimal) -> Account:
    """Add credits to an account and return the updated account. Raise ValueError unless `credits` is positive."""
    if credits <= 0:
        raise ValueError("Credits to grant must be more than 0.")
    with transaction.atomic():
        locked = _lock(account.pk)
        locked.granted += credits
        locked.save(update_fields=["granted"])
        LedgerEntry.objects.create(account=locked, kind=LedgerEntry.Kind.GRANT, points=credits, balance=locked.balance)
        return locked


def _lock(account_id: int) -> Account:
    return Account.objects.select_for_update().get(pk=account_id)
