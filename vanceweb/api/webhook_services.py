"""Writes on webhooks: made, changed and deleted by people, and deliveries that are sent again."""

import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from vanceweb.api.models import Webhook, WebhookDelivery
from vanceweb.api.private_addresses import find_allowed_hosts
from vanceweb.lib.outbound_http import check_public_url
from vanceweb.lib.public_addresses import AddressRefused, HostNotFound
from vanceweb.teams.access import Action, Actor, require
from vanceweb.teams.audit import Performer, record_event
from vanceweb.teams.models import AuditAction, User
from vanceweb.vault.base_urls import can_name_private_addresses

SECRET_MARK = "whsec_"  # noqa: S105
SECRET_BYTES = 32
# Each end of a job is written and sent once for each of them.
WEBHOOKS_PER_TEAM = 20


@dataclass(frozen=True)
class WebhookValues:
    """The parts of a webhook that people choose."""

    name: str
    url: str
    events: Sequence[str]
    is_active: bool = True


@dataclass(frozen=True)
class NewWebhook:
    """A new webhook's row, and the secret, which is shown once."""

    row: Webhook
    secret: str


@transaction.atomic
def create_webhook(*, actor: Actor, values: WebhookValues) -> NewWebhook:
    """Create a webhook with a new secret. Raise PermissionDenied, or ValidationError with the field `url`."""
    require(actor, Action.MANAGE_CONNECTIONS)
    if Webhook.objects.filter(team=actor.team).count() >= WEBHOOKS_PER_TEAM:
        raise ValidationError(_("The team has %(count)d webhooks already.") % {"count": WEBHOOKS_PER_TEAM})
    _check_url(actor, values.url)
    secret = SECRET_MARK + secrets.token_urlsafe(SECRET_BYTES)
    row = Webhook.objects.create(
        **actor.own().to_fields(),
        name=values.name,
        url=values.url,
        may_be_private=can_name_private_addresses(actor.user),
        secret=secret,
        events=list(values.events),
        is_active=values.is_active,
    )
    record_event(AuditAction.WEBHOOK_CREATED, by=actor.performer, target=row)
    return NewWebhook(row, secret)


@transaction.atomic
def change_webhook(*, actor: Actor, webhook: Webhook, values: WebhookValues) -> None:
    """Change a webhook; the secret stays. Raise PermissionDenied, or ValidationError with the field `url`.

    One that was off isn't told of the jobs that ended meanwhile.
    """
    require(actor, Action.MANAGE_CONNECTIONS)
    fields = {"name": values.name, "events": list(values.events), "is_active": values.is_active}
    if values.url != webhook.url:
        _check_url(actor, values.url)
        fields |= {"url": values.url, "may_be_private": can_name_private_addresses(actor.user)}
    if values.is_active and not webhook.is_active:
        fields["looked_until"] = timezone.now()
    Webhook.objects.filter(pk=webhook.pk).update(**fields)
    state = "on" if values.is_active else "off"
    record_event(AuditAction.WEBHOOK_CHANGED, by=actor.performer, target=webhook, name=values.name, state=state)


@transaction.atomic
def take_over_webhook(*, actor: Actor, webhook: Webhook) -> bool:
    """Make the actor the person behind a webhook whose maker has left. Return False for another one.

    The address stays as it is, with what its maker was allowed. Raise PermissionDenied.
    """
    require(actor, Action.MANAGE_CONNECTIONS)
    if not Webhook.objects.filter_left().filter(pk=webhook.pk).update(created_by=actor.user):
        return False
    record_event(AuditAction.WEBHOOK_TAKEN_OVER, by=actor.performer, target=webhook)
    return True


def leave_webhooks(*, user: User, by: Performer) -> None:
    """Record the webhooks that a person leaves to the performer's team. Call it inside a transaction."""
    if by.team is not None:
        for webhook in Webhook.objects.filter_maker(by.team, user).defer("secret"):
            record_event(AuditAction.WEBHOOK_LEFT, by=by, target=webhook, name=user.get_username())


@transaction.atomic
def delete_webhook(*, actor: Actor, webhook: Webhook) -> None:
    """Delete a webhook with its deliveries. Raise PermissionDenied."""
    require(actor, Action.MANAGE_CONNECTIONS)
    record_event(AuditAction.WEBHOOK_DELETED, by=actor.performer, target=webhook)
    webhook.delete()


@transaction.atomic
def send_again(*, actor: Actor, delivery: WebhookDelivery, wake: Callable[[], object]) -> bool:
    """Make a delivery that has ended due again, with all its attempts. Return False if it can't be."""
    require(actor, Action.MANAGE_CONNECTIONS)
    now = timezone.now()
    ended: Collection[str] = (WebhookDelivery.State.DELIVERED, WebhookDelivery.State.FAILED)
    changed = WebhookDelivery.objects.filter(pk=delivery.pk, state__in=ended).update(
        state=WebhookDelivery.State.WAITING, attempts=0, not_before=now, woken_at=now
    )
    if changed:
        wake()
    return changed == 1


def _check_url(actor: Actor, url: str) -> None:
    """Raise ValidationError for an address that the site doesn't post to.

    A host that can't be found now is accepted: it is looked up at each delivery.
    """
    allowed = find_allowed_hosts(url, may_be_private=can_name_private_addresses(actor.user))
    try:
        check_public_url(url, allowed_hosts=allowed, has_proxy=settings.OUTBOUND_PROXY is not None)
    except HostNotFound:
        return
    except AddressRefused as error:
        raise ValidationError({"url": [str(error)]}) from None
