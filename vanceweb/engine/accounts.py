"""Accounts of the engine and their tokens. A token is shown once, when it is made, and stored as a keyed hash only."""

import hashlib
import hmac
import secrets
from decimal import Decimal

from django.conf import settings
from django.db import transaction

from vanceweb.engine.ledger import grant_credits
from vanceweb.engine.models import Account

# 160 random bits, as 40 hex characters: far beyond guessing.
TOKEN_BYTES = 20
# Enough of a token to tell two apart in a list, and of no use for anything else.
PREFIX_LENGTH = 6


@transaction.atomic
def create_account(*, name: str, credits: Decimal | int) -> str:
    """Makes an account with `credits` on it and returns its token, which can't be read again later.

    Raises ValueError when `credits` is negative.
    """
    token = secrets.token_hex(TOKEN_BYTES)
    account = Account.objects.create(
        name=name, token_prefix=token[:PREFIX_LENGTH], token_digest=compute_token_digest(token)
    )
    if credits:
        grant_credits(account=account, credits=Decimal(credits))
    return token


def find_account(token: str) -> Account | None:
    """The account that this token belongs to.

    The database finds candidates by the prefix, which is no secret; the rest is compared in constant time.
    """
    digest = compute_token_digest(token)
    for account in Account.objects.filter(token_prefix=token[:PREFIX_LENGTH]):
        if hmac.compare_digest(account.token_digest, digest):
            return account
    return None


def compute_token_digest(token: str) -> str:
    """HMAC-SHA256 of the token with the installation's key, as 64 hex characters."""
    return hmac.new(settings.ENGINE_TOKEN_KEY.encode(), token.encode(), hashlib.sha256).hexdigest()
