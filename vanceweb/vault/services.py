"""Writes on connections. None of them calls a service: the io worker checks tokens and reads balances."""

from collections.abc import Collection
from datetime import timedelta
from typing import Protocol, cast

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vanceweb.lib.due_rows import request_rows
from vanceweb.lib.encryption import KeysUnusable, SealedText
from vanceweb.teams.access import Action, Actor, require, require_secret_replaceable
from vanceweb.teams.audit import record_event
from vanceweb.teams.models import AuditAction, Ownership, Team
from vanceweb.vault.base_urls import can_name_private_addresses, clean_base_url
from vanceweb.vault.connection_check import BALANCE_REFRESH_SECONDS
from vanceweb.vault.models import Connection
from vanceweb.vault.tasks import check_connections

# Far longer than any service's token. A longer text was pasted by mistake.
TOKEN_MAX_LENGTH = 500


class BundledConnectionProtected(Exception):
    """The bundled engine's connection can't be removed: its token and credits couldn't be restored."""


class AccountIssuer(Protocol):
    """A callable that creates an account on the bundled engine and returns its token."""

    def __call__(self, *, name: str, credits: int) -> str: ...


@transaction.atomic
def create_bundled_connection(*, team: Team) -> Connection:
    """Create an account on the bundled engine, with the initial credits, and store its token for the whole team."""
    credits = settings.BUNDLED_ACCOUNT_CREDITS
    issue = cast(AccountIssuer, import_string(settings.BUNDLED_ACCOUNT_ISSUER))
    token = issue(name=team.slug, credits=credits)
    now = timezone.now()
    return Connection.objects.create(
        team=team,
        name=_("Bundled engine"),
        service=Connection.Service.BUNDLED,
        token=token,
        token_last4=token[-4:],
        granted=credits,
        used=0,
        checked_at=now,
        check_state=Connection.CheckState.OK,
        not_before=now + timedelta(seconds=BALANCE_REFRESH_SECONDS),
    )


@transaction.atomic
def add_connection(*, actor: Actor, name: str, base_url: str, token: str) -> Connection:
    """Store a token for the service at `base_url` (empty: the hosted one) and enqueue a check of it.

    It is private to the actor until they share it. Raise ValidationError with the fields `name`, `base_url`, `token`,
    and PermissionDenied.
    """
    require(actor, Action.MAKE)
    ownership = actor.own(private=True)
    may_be_private = can_name_private_addresses(actor.user)
    url = clean_base_url(base_url or settings.HOSTED_BASE_URL, allow_private=may_be_private)
    is_hosted = url == settings.HOSTED_BASE_URL.rstrip("/")
    token, sealed = _encrypt_token(token)
    connection = Connection(
        **ownership.to_fields(),
        keeper=actor.user,
        name=_clean_name(ownership, name),
        service=Connection.Service.HOSTED if is_hosted else Connection.Service.OTHER,
        base_url=url,
        may_be_private=may_be_private,
        token=sealed,
        token_last4=_get_last4(token),
    )
    try:
        with transaction.atomic():
            connection.save()
    except IntegrityError:
        raise _build_name_taken_error() from None
    check_connections.enqueue()
    record_event(AuditAction.CONNECTION_ADDED, by=actor.performer, target=connection, service=url)
    return connection


@transaction.atomic
def replace_token(*, actor: Actor, connection: Connection, token: str) -> None:
    """Replace the token of a connection, keep its history, and enqueue a check. If it succeeds, held jobs continue.

    Raise ValidationError, and PermissionDenied for the connection of somebody else.
    """
    require_secret_replaceable(actor, connection)
    token, connection.token = _encrypt_token(token)
    connection.token_last4 = _get_last4(token)
    connection.granted = connection.used = connection.checked_at = connection.rejected_at = None
    connection.save(update_fields=["token", "token_last4", "granted", "used", "checked_at", "rejected_at"])
    request_check(connection=connection)
    record_event(AuditAction.CONNECTION_TOKEN_REPLACED, by=actor.performer, target=connection)


@transaction.atomic
def request_check(*, connection: Connection) -> None:
    """Enqueue a check of the stored token. The result of a check that is running is discarded."""
    now = timezone.now()
    connection.check_state = Connection.CheckState.CHECKING
    connection.last_error = ""
    connection.not_before = connection.woken_at = now
    # Whoever holds the row is asking about the old token, or began before the person asked.
    connection.lease_until = connection.lease_token = None
    connection.save(update_fields=["check_state", "last_error", "not_before", "woken_at", "lease_until", "lease_token"])
    check_connections.enqueue()


@transaction.atomic
def request_balances(*, connection_ids: Collection[int]) -> None:
    """Enqueue readings of the balances."""
    request_rows(Connection.objects.filter(pk__in=connection_ids), check_connections.enqueue)


@transaction.atomic
def report_charge(*, connection_id: int) -> None:
    """Note that a job has spent credits of the connection: its balance and its history are read again.

    Call it inside the transaction that ends the job.
    """
    request_balances(connection_ids=[connection_id])
    Connection.objects.filter(pk=connection_id).update(history_changed_at=timezone.now())


@transaction.atomic
def rename_connection(*, actor: Actor, connection: Connection, name: str) -> None:
    """Rename the connection. Raise ValidationError with the field `name`."""
    old_name = connection.name
    connection.name = _clean_name(connection.ownership, name, exclude=connection)
    if connection.name == old_name:
        return
    try:
        with transaction.atomic():
            connection.save(update_fields=["name"])
    except IntegrityError:
        raise _build_name_taken_error() from None
    record_event(AuditAction.CONNECTION_RENAMED, by=actor.performer, target=connection, old_name=old_name)


@transaction.atomic
def set_connection_privacy(*, actor: Actor, connection: Connection, private: bool) -> None:
    """Share the actor's own connection with the team, or make it private again.

    Raise ValidationError with the field `name` if the name is taken there, and PermissionDenied.
    """
    if not actor.can_privatise(connection) or connection.is_bundled:
        raise PermissionDenied
    if connection.is_private == private:
        return
    ownership = actor.own(private=private)
    _clean_name(ownership, connection.name, exclude=connection)
    connection.private_to_id = ownership.private_to_id
    try:
        with transaction.atomic():
            connection.save(update_fields=["private_to"])
    except IntegrityError:
        raise _build_name_taken_error() from None
    action = AuditAction.CONNECTION_MADE_PRIVATE if private else AuditAction.CONNECTION_SHARED
    record_event(action, by=actor.performer, target=connection)


@transaction.atomic
def remove_connection(*, actor: Actor, connection: Connection) -> None:
    """Delete the connection and its token. Jobs and history keep its name. Raise BundledConnectionProtected."""
    if connection.is_bundled:
        raise BundledConnectionProtected(
            _("The connection to the bundled engine stays: it holds the credits on this machine.")
        )
    record_event(AuditAction.CONNECTION_REMOVED, by=actor.performer, target=connection)
    connection.delete()


def _clean_name(ownership: Ownership, name: str, exclude: Connection | None = None) -> str:
    name = " ".join(name.split())
    longest = 80
    if not name:
        raise ValidationError({"name": [_("Give the connection a name.")]})
    if len(name) > longest:
        message = ngettext("At most %(limit)d character.", "At most %(limit)d characters.", longest)
        raise ValidationError({"name": [message % {"limit": longest}]})
    # A private connection may not look like a shared one in its person's list.
    visible = Q(private_to=None) | Q(private_to_id=ownership.private_to_id)
    others = Connection.objects.filter(visible, team_id=ownership.team_id, name=name)
    if (others.exclude(pk=exclude.pk) if exclude else others).exists():
        raise _build_name_taken_error()
    return name


def _build_name_taken_error() -> ValidationError:
    return ValidationError({"name": [_("There is already a connection of that name.")]})


def _clean_token(token: str) -> str:
    token = token.strip()
    if not token:
        raise ValidationError({"token": [_("Paste the service's API token.")]})
    if len(token) > TOKEN_MAX_LENGTH or not token.isascii() or not token.isprintable() or " " in token:
        raise ValidationError({"token": [_("This is not an API token. A token has no spaces or special characters.")]})
    return token


def _encrypt_token(token: str) -> tuple[str, SealedText]:
    """Return the cleaned token as it is and encrypted. Raise ValidationError with the field `token`."""
    token = _clean_token(token)
    try:
        return token, SealedText.encrypt(token)
    except KeysUnusable:
        message = _("The site can't store tokens: its key for them can't be used. Ask whoever runs this site.")
        raise ValidationError({"token": [message]}) from None


def _get_last4(token: str) -> str:
    """Return the last four characters, or "" if the token is too short for the rest to stay secret."""
    shortest = 12
    return token[-4:] if len(token) >= shortest else ""
