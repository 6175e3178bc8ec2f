"""The tokens of the bundled engine: made, named, granted credits and revoked, each with its audit event."""

from decimal import Decimal

from django.db import transaction

from vanceweb.engine.accounts import PREFIX_LENGTH, compute_token_digest, create_account, rename_account, revoke_token
from vanceweb.engine.ledger import grant_credits
from vanceweb.engine.models import Account
from vanceweb.lib.encryption import DecryptionFailed
from vanceweb.teams.audit import Performer, record_event
from vanceweb.teams.models import AuditAction
from vanceweb.vault.models import Connection


class TokenInUse(Exception):
    """A connection of this site uses the token; `team` is the name of its team.

    Without one, it isn't known: the keys in VAULT_KEYS don't fit the tokens of some connections.
    """

    def __init__(self, team: str = "") -> None:
        super().__init__(team)
        self.team = team


@transaction.atomic
def create_engine_token(*, by: Performer, name: str, credits: Decimal) -> str:
    """Create an account on the engine with its first credits, 0 or more. Return its token, to show it once."""
    token = create_account(name=name, credits=credits)
    account = Account.objects.get(token_digest=compute_token_digest(token))
    record_event(AuditAction.ENGINE_TOKEN_CREATED, by=by, target=account, count=credits)
    return token


@transaction.atomic
def grant_engine_credits(*, by: Performer, account: Account, credits: Decimal) -> Account:
    """Add credits, more than 0, to the account and return it as it is now."""
    granted = grant_credits(account=account, credits=credits)
    record_event(AuditAction.ENGINE_TOKEN_CHANGED, by=by, target=account, count=credits)
    return granted


@transaction.atomic
def rename_engine_token(*, by: Performer, account: Account, name: str) -> None:
    """Give the account another name."""
    if name != account.name:
        rename_account(account=account, name=name)
        record_event(AuditAction.ENGINE_TOKEN_CHANGED, by=by, target=account, old_name=account.name, name=name)


@transaction.atomic
def revoke_engine_token(*, by: Performer, account: Account) -> None:
    """Refuse the token from now on. Raise TokenInUse for one that a connection of this site uses."""
    check_unused(account)
    if revoke_token(account=account):
        record_event(AuditAction.ENGINE_TOKEN_REVOKED, by=by, target=account)


def check_unused(account: Account) -> None:
    """Raise TokenInUse if a team's connection uses the account's token, or might."""
    unreadable = False
    for connection in Connection.objects.bundled().select_related("team"):
        try:
            token = connection.token.open()
        except DecryptionFailed:
            unreadable = True
            continue
        if token[:PREFIX_LENGTH] == account.token_prefix and compute_token_digest(token) == account.token_digest:
            raise TokenInUse(connection.team.name)
    if unreadable:
        raise TokenInUse
