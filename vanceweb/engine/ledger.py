"""Movements of credits. An account's balance and its ledger change together, under a lock, or not at all."""

from decimal import Decimal

from django.db import transaction

from vanceweb.engine.models import Account, LedgerEntry, Transform


class InsufficientCredits(Exception):
    """The account has less than the result costs; nothing was charged."""


def charge_download(*, transform: Transform) -> bool:
    """Charges the transform's cost to its account, once; True when this call did it, False when it was paid before.

    The account's row is locked first (on PostgreSQL by SELECT FOR UPDATE; on SQLite the transaction is immediate and
    holds the whole database), so the balance that is looked at is the balance that is charged. The constraints of the
    tables say the same once more. Raises InsufficientCredits.
    """
    with transaction.atomic():
        account = _lock(transform.account_id)
        if LedgerEntry.objects.filter(kind=LedgerEntry.Kind.DOWNLOAD, trans_id=transform.trans_id).exists():
            return False
        if account.balance < transform.cost:
            raise InsufficientCredits
        account.used += transform.cost
        account.save(update_fields=["used"])
        LedgerEntry.objects.create(
            account=account,
            kind=LedgerEntry.Kind.DOWNLOAD,
            trans_id=transform.trans_id,
            job=transform.job,
            info=transform.result_name,
            points=transform.cost,
            balance=account.balance,
        )
        return True


def grant_credits(*, account: Account, credits: Decimal) -> Account:
    """Adds credits to an account and returns it as it is now. Raises ValueError unless `credits` is more than 0."""
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
