"""Creating, revoking and recognising the tokens of the site's own API."""

import hashlib
import secrets
import string
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from vanceweb.lib.leases import suppress_database_errors
from vanceweb.teams.access import Actor, get_actor
from vanceweb.teams.audit import Performer, record_event
from vanceweb.teams.models import TOKEN_PREFIX_LENGTH, ApiToken, AuditAction, Scope, Team, User, Via

MARK = "vw_"
# 40 letters and digits are 238 random bits.
SECRET_LENGTH = 40
ALPHABET = string.ascii_letters + string.digits
# Longer texts aren't tokens, and aren't hashed.
TOKEN_LENGTH = len(MARK) + SECRET_LENGTH
# The last use is for people, who don't count seconds: a program that calls all the time costs one write a minute.
USE_SECONDS = 60


@dataclass(frozen=True)
class IssuedToken:
    """A new token's row, and the token itself, which is shown once and stored nowhere."""

    row: ApiToken
    text: str


@transaction.atomic
def create_api_token(
    *, user: User, team: Team, name: str, scopes: Collection[Scope], lifetime: timedelta, by: Performer
) -> IssuedToken:
    """Create a token with which a program acts as this person in this team."""
    text = MARK + "".join(secrets.choice(ALPHABET) for _ in range(SECRET_LENGTH))
    row = ApiToken.objects.create(
        team=team,
        user=user,
        name=name,
        prefix=text[:TOKEN_PREFIX_LENGTH],
        digest=_hash_token(text),
        scopes=",".join(scope.value for scope in Scope if scope in scopes),
        expires_at=timezone.now() + lifetime,
    )
    record_event(
        AuditAction.API_TOKEN_CREATED, by=by, target=row, team=team, scopes=row.scopes, expires=f"{row.expires_at:%F}"
    )
    return IssuedToken(row, text)


@transaction.atomic
def revoke_api_token(*, token: ApiToken, by: Performer) -> bool:
    """End a token at once. Return False if it had been revoked already."""
    revoked = ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
    if revoked:
        record_event(AuditAction.API_TOKEN_REVOKED, by=by, target=token, team=token.team)
    return revoked == 1


def find_token_actor(text: str, *, address: str) -> Actor | None:
    """Return the person in the team as whom the token acts, with its scopes; None for a token that isn't usable.

    That is one that is unknown, revoked or expired, or whose person is deactivated or has left the team.
    """
    if len(text) != TOKEN_LENGTH or not text.isascii():
        return None
    digest = _hash_token(text)
    candidates = (
        ApiToken.objects.filter_usable().select_related("team", "user").filter(prefix=text[:TOKEN_PREFIX_LENGTH])
    )
    token = next((row for row in candidates if secrets.compare_digest(row.digest, digest)), None)
    actor = None if token is None else get_actor(token.user, token.team)
    if token is None or actor is None:
        return None
    _remember_use(token, timezone.now())
    return replace(actor, address=address, via=Via.API_TOKEN, scopes=token.scope_set)


def _remember_use(token: ApiToken, now: datetime) -> None:
    before = now - timedelta(seconds=USE_SECONDS)
    if token.last_used_at is None or token.last_used_at < before:
        unwritten = Q(last_used_at=None) | Q(last_used_at__lt=before)
        # A call that only reads goes on where nothing can be written.
        with suppress_database_errors("the note of a token's use"):
            ApiToken.objects.filter(unwritten, pk=token.pk).update(last_used_at=now)


def _hash_token(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
