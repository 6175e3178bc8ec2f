"""The engine's accounts and their tokens. A token is shown once, at creation, and stored only as a keyed hash."""

import hashlib
import hmac
import secrets
from decimal import Decimal

from django.conf import settings
from django.db import transaction

from vanceweb.engine.ledger import grant_credits
from vanceweb.engine.models import Account

# 160 random bits, as 40 hex characters: impossible to guess.
TOKEN_BYTES = 20
# Enough to distinguish tokens in a list, and useless for anything else.
PREFIX_LENGTH = 6


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
    """Return the account of the token, or None.

    The database finds candidates by the prefix, which isn't secret. The hash is compared in constant time.
    """
    digest = compute_token_digest(token)
    for account in Account.objects.filter(token_prefix=token[:PREFIX_LENGTH]):
        if hmac.compare_digest(account.token_digest, digest):
            return account
    return None


def compute_token_digest(token: str) -> str:
    """Return the HMAC-SHA256 of the token with the installation's key, as 64 hex characters."""
    return hmac.new(settings.ENGINE_TOKEN_KEY.encode(), token.encode(), hashlib.sha256).hexdigest()
