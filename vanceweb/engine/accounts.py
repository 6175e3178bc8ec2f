"""The engine's accounts and their tokens. A token is shown once, at creation, and stored only as a keyed hash."""

import hashlib
import hmac
import secrets
from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from vanceweb.engine.ledger import grant_credits
from vanceweb.engine.models import Account
from vanceweb.lib.leases import suppress_database_errors

# 160 random bits, as 40 hex characters: impossible to guess.
TOKEN_BYTES = 20
# Enough to distinguish tokens in a list, and useless for anything else.
PREFIX_LENGTH = 6
# The last use is told to the minute, so that a client that polls each second causes no write each second.
USE_PRECISION = timedelta(minutes=1)


@transaction.atomic
def create_account(*, name: str, credits: Decimal | int) -> str:
    """Create an account with `credits` and return its token, which can't be retrieved later.

    Raise ValueError if `credits` is negative.
    """
    token = secrets.token_hex(TOKEN_BYTES)
    account = Account.objects.create(
        name=name, token_prefix=token[:PREFIX_LENGTH], token_digest=compute_token_digest(token)
    )
    if credits:
        grant_credits(account=account, credits=Decimal(credits))
    return token


def find_account(token: str) -> Account | None:
    """Return the account of the token; None for an unknown one and for one that was revoked.

    The database finds candidates by the prefix, which isn't secret. The hash is compared in constant time.
    """
    digest = compute_token_digest(token)
    for account in Account.objects.filter(token_prefix=token[:PREFIX_LENGTH], revoked_at=None):
        if hmac.compare_digest(account.token_digest, digest):
            return account
    return None


def record_use(account: Account) -> None:
    """Store that the account's token was used now. A database that can't be written to costs nothing but that."""
    now = timezone.now()
    if account.last_used_at is None or now - account.last_used_at >= USE_PRECISION:
        with suppress_database_errors("the last use of a token"):
            Account.objects.filter(pk=account.pk).update(last_used_at=now)


def rename_account(*, account: Account, name: str) -> None:
    """Give the account another name, which only people see."""
    Account.objects.filter(pk=account.pk).update(name=name)


def revoke_token(*, account: Account) -> bool:
    """Refuse the account's token from now on, for good. Return False if it was revoked before.

    What runs ends, and nobody can fetch it. The ledger is kept.
    """
    return bool(Account.objects.filter(pk=account.pk, revoked_at=None).update(revoked_at=timezone.now()))


def compute_token_digest(token: str) -> str:
    """Return the HMAC-SHA256 of the token with the installation's key, as 64 hex characters."""
    return hmac.new(settings.ENGINE_TOKEN_KEY.encode(), token.encode(), hashlib.sha256).hexdigest()
